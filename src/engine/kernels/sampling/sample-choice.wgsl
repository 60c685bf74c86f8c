// What the sampling kernels share: where a row's logits lie, and what is done with the chosen token.
// logits: one vocabulary slice after another, each (M, its columns in memory); all slices but the last are `width` wide.
// tokens (M, 2): x = the row's last token, y = its position; the chosen token takes its place, one position on.
// ring (steps, M): the token chosen after each step. forced (steps, M): taken instead, where it is a token.
// Grid: one workgroup a row; lanes stride over the columns and are merged in a tree.

override WORKGROUP: u32 = 64;  // a power of 2

const LOWEST = -1e30;
const HIGHEST = 0x1.fffffep127;
const NO_TOKEN = 0xffffffffu;
// Bits of a float: its sign, and an exponent that no finite one has.
const SIGN = 0x80000000u;
const INFINITE = 0x7f800000u;

// Sizes come from here, not from overrides: llvmpipe unrolls every loop whose length it knows, and compiles for seconds.
struct Step {
  rows: u32,    // M
  step: u32,    // this one's row of the ring
  forced: u32,  // 0: `forced` is not read
  V: u32,       // tokens of the vocabulary
  width: u32,   // tokens of every slice but the last
  last: u32,    // columns of the last slice in memory
  half: u32,    // WORKGROUP / 2
}

@group(0) @binding(0) var<storage, read> logits: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> tokens: array<vec2u>;
@group(0) @binding(2) var<storage, read_write> ring: array<u32>;
@group(0) @binding(3) var<storage, read> forced: array<u32>;
@group(0) @binding(4) var<uniform> at: Step;

struct Choice {
  score: f32,
  token: u32,
}

// A row of a slice, in vec4s.
struct Columns {
  count: u32,
  first: u32,
  token: u32,  // of its first column
}

var<workgroup> choices: array<Choice, WORKGROUP>;

fn slices() -> u32 {
  return (at.V + at.width - 1u) / at.width;
}

fn columns_of(slice: u32, row: u32) -> Columns {
  let count = select(at.width, at.last, slice + 1u == slices()) / 4u;
  return Columns(count, at.rows * slice * (at.width / 4u) + row * count, slice * at.width);
}

// Logits of four neighbouring tokens; what is no token is lower than any.
fn logits_at(columns: Columns, c: u32) -> vec4f {
  let v = logits[columns.first + c];
  return select(vec4f(LOWEST), v, vec4u(columns.token + 4u * c) + vec4u(0u, 1u, 2u, 3u) < vec4u(at.V));
}

// The better of a lane's best and the best of four neighbours. A lane meets its tokens in ascending order, so the
// lowest token wins a tie, as in logsumexp.wgsl. Where one of the four is NaN or +infinity no token can win any more; bits are
// compared, as a compiler may take floats to be finite.
fn better(best: Choice, v: vec4f, token: u32) -> Choice {
  let bits = bitcast<vec4u>(v);
  let is_broken = any(((bits & vec4u(INFINITE)) == vec4u(INFINITE)) & (bits != vec4u(SIGN | INFINITE)));
  let high = max(max(v.x, v.y), max(v.z, v.w));
  let nth = select(select(select(3u, 2u, v.z == high), 1u, v.y == high), 0u, v.x == high);
  let is_better = high > best.score;
  let own = Choice(select(best.score, high, is_better), select(best.token, token + nth, is_better));
  return Choice(select(own.score, HIGHEST, is_broken), select(own.token, NO_TOKEN, is_broken));
}

// The best of all lanes' choices, known to all of them.
fn best_of(lane: u32, own: Choice) -> Choice {
  choices[lane] = own;
  workgroupBarrier();
  for (var half = at.half; half > 0u; half /= 2u) {
    if (lane < half) {
      let a = choices[lane];
      let b = choices[lane + half];
      if (b.score > a.score || (b.score == a.score && b.token < a.token)) {
        choices[lane] = b;
      }
    }
    workgroupBarrier();
  }
  return workgroupUniformLoad(&choices[0]);
}

fn take(row: u32, chosen: u32) {
  let i = at.step * at.rows + row;
  var token = chosen;
  if (at.forced != 0u && forced[i] != NO_TOKEN) {
    token = forced[i];
  }
  ring[i] = token;
  tokens[row] = vec2u(token, tokens[row].y + 1u);
}
