// How LibTorch's OpenMP threads wait for each other. GNU's library lets them spin for milliseconds after every operator; where
// another program wants the cores, one thread then spins while the one it waits for is not running, and all of them together are
// ten times slower than one alone. Here they sleep after microseconds. The library reads its environment before main() does, in a
// constructor that nothing of ours precedes but .preinit_array: the program starts itself anew there, with the variable set and
// before LibTorch's own constructors have cost anything. Whoever sets GOMP_SPINCOUNT or OMP_WAIT_POLICY keeps his.
#include <alloca.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>

namespace {

constexpr char kSpinCount[] = "GOMP_SPINCOUNT=1000";

bool names(const char* entry, const char* variable) {
  const std::size_t length = std::strlen(variable);
  return std::strncmp(entry, variable, length) == 0 && entry[length] == '=';
}

// The C library is not initialised yet: nothing but system calls and plain memory.
void wait_passively(int, char** argv, char** environment) {
  std::size_t count = 0;
  for (; environment[count] != nullptr; ++count)
    if (names(environment[count], "GOMP_SPINCOUNT") || names(environment[count], "OMP_WAIT_POLICY")) return;
  auto** extended = static_cast<char**>(alloca((count + 2) * sizeof(char*)));
  std::memcpy(extended, environment, count * sizeof(char*));
  extended[count] = const_cast<char*>(kSpinCount);
  extended[count + 1] = nullptr;
  ::execve("/proc/self/exe", argv, extended);  // returns where it fails: then the threads spin
}

__attribute__((section(".preinit_array"), used)) void (*const before_all_constructors)(int, char**, char**) = wait_passively;

}  // namespace
