enable subgroups;
// Does not compile, for the test of what is said then.

@compute @workgroup_size(1)
fn main() {
  nobody_has_declared_this();
}
