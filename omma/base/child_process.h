// Work that may hang, crash or take all memory, in a process of its own.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <stdexcept>

namespace omma {

struct ChildLate : std::runtime_error {  // the deadline came first
  using std::runtime_error::runtime_error;
};
struct ChildCrash : std::runtime_error {  // what() tells how it ended: "signal 11 (Segmentation fault)"
  using std::runtime_error::runtime_error;
};

// A copy of this process (fork) that does one thing, and a pipe from it to here. The child has the caller's thread alone, no
// descriptors but 0, 1 and 2, no exit handlers and no core file; Ctrl-C, SIGTERM and SIGHUP are the caller's to answer. It never
// outlives the caller. What it reads of the caller's memory is as it was when the child began, and costs nothing until one of the
// two writes to it. Other threads may hold locks for ever in the child: of what they may be in the midst of, memory alone is safe
// to use. One thread at a time.
class ChildProcess {
 public:
  using Clock = std::chrono::steady_clock;
  using Write = std::function<void(std::span<const std::uint8_t>)>;  // waits where the caller does not read

  // Calls `work` in the child, which may start threads there. `memory`: bytes that the child may take beyond what the caller has;
  // past it, allocations fail there. Throws std::runtime_error where there can be no child.
  explicit ChildProcess(const std::function<void(const Write&)>& work, std::int64_t memory);
  ~ChildProcess();  // kills it
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // Fills `bytes` with what the child wrote next; false where it is done and there is nothing more. Throws ChildLate past the
  // deadline, ChildCrash, and std::invalid_argument and std::runtime_error as `work` did (other exceptions are
  // std::runtime_error); after each of these the child is gone.
  bool read(std::span<std::uint8_t> bytes, Clock::time_point deadline);

 private:
  struct Report;
  int end();  // kills and reaps: its status
  [[noreturn]] void fail_with(int status) const;

  Report* report_ = nullptr;  // memory of both processes
  pid_t process_ = 0;         // 0: none any more
  int pipe_ = -1;
};

}  // namespace omma
