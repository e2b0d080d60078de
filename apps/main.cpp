// omma: one program, a command per task.
#include <malloc.h>

#include "apps/process.h"
#include "apps/program.h"

namespace {

// A model's pass asks for the same hundreds of MiB again and again. glibc would give each back to the system and have it cleared
// anew, page by page: a tenth of an encoder's time. Now blocks under 32 MiB stay in the main thread's heap, of which only the free
// end goes back, beyond 1 GiB.
void keep_freed_memory() {
#if defined(__GLIBC__)
  ::mallopt(M_MMAP_THRESHOLD, 32 << 20);
  ::mallopt(M_TRIM_THRESHOLD, 1 << 30);
#endif
}

}  // namespace

int main(int argc, char** argv) {
  omma::app::prepare_process();
  keep_freed_memory();
  return omma::app::close_stdout(omma::app::run_program(argc, argv));
}
