#!/usr/bin/env bash
#SBATCH --job-name=asp-eval
#SBATCH --array=1-8
#SBATCH --cpus-per-task=2
#SBATCH --gres=gpu:1
#SBATCH --time=02:00:00
#SBATCH --requeue
# Submit:      sbatch examples/slurm-array.sh
# Then merge:  sbatch --dependency=afterok:<job id> --wrap 'npx asp merge runs/paper/shard-*.json -o runs/paper/run.json'
# A requeued task goes on where it was stopped.
set -euo pipefail
cd "${SLURM_SUBMIT_DIR:?}"
mkdir -p runs/paper
exec npx asp eval paper \
  --model "${MODEL:-asp-recall}" --sparsity "${SPARSITY:-0.8}" \
  --shard auto --resume --output "runs/paper/shard-${SLURM_ARRAY_TASK_ID:?}.json"
