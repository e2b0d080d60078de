#include "omma/base/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>

#include "omma/base/error.h"

namespace omma {

// How the work ended, for the caller. What is still `running` when the child is gone crashed.
struct ChildProcess::Report {
  enum class End : int { running, done, refused, failed };
  End end = End::running;
  char text[4000] = {};

  void set(End how, std::string_view what) {
    const std::size_t length = std::min(what.size(), sizeof text - 1);
    std::copy_n(what.data(), length, text);
    end = how;
  }
};

namespace {

pid_t caller_of_child = 0;

// A parent's "death" is that of the thread that made the child: where the process lives on, so does the child.
void end_with_caller(int) {
  if (::getppid() != caller_of_child) ::_exit(1);
}

void set_signals() {
  for (int signal = 1; signal < NSIG; ++signal) std::signal(signal, SIG_DFL);  // fails for those that are not to be set
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) std::signal(signal, SIG_IGN);
  std::signal(SIGUSR1, end_with_caller);
  ::prctl(PR_SET_PDEATHSIG, SIGUSR1);
  end_with_caller(0);  // which may have happened before
  sigset_t none;
  ::sigemptyset(&none);
  ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

// Bytes of private memory that may be written to.
std::int64_t data_size() {
  std::int64_t all = 0, resident = 0, shared = 0, text = 0, library = 0, data = 0;
  std::ifstream("/proc/self/statm") >> all >> resident >> shared >> text >> library >> data;
  return data * ::sysconf(_SC_PAGESIZE);
}

void set_limits(std::int64_t memory) {
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  rlimit data{};
  ::getrlimit(RLIMIT_DATA, &data);
  data.rlim_cur =
      std::min(data.rlim_max, static_cast<rlim_t>(data_size()) + static_cast<rlim_t>(std::max<std::int64_t>(0, memory)));
  ::setrlimit(RLIMIT_DATA, &data);
}

// A pipe's end that is held here by accident keeps others waiting for its end, a socket its peer.
void close_all_but(int kept) {
  constexpr int first = 3;
  if (kept > first) ::close_range(first, static_cast<unsigned>(kept) - 1, 0);
  ::close_range(static_cast<unsigned>(std::max(kept + 1, first)), ~0U, 0);
}

void write_all(int pipe, std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(pipe, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail_runtime("pipe: {}", std::strerror(errno));
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

int milliseconds_until(ChildProcess::Clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - ChildProcess::Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1'000'000));
}

}  // namespace

ChildProcess::ChildProcess(const std::function<void(const Write&)>& work, std::int64_t memory) {
  void* shared = ::mmap(nullptr, sizeof(Report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  int ends[2] = {-1, -1};
  if (shared == MAP_FAILED || ::pipe2(ends, O_CLOEXEC) != 0) {
    const std::string reason = std::strerror(errno);
    if (shared != MAP_FAILED) ::munmap(shared, sizeof(Report));
    fail_runtime("cannot start a process: {}", reason);
  }
  report_ = new (shared) Report;
  pipe_ = ends[0];
  ::fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);  // fewer switches between the two
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);  // so that no handler of the caller's runs in the child
  const pid_t caller = ::getpid();
  process_ = ::fork();
  if (process_ == 0) {
    caller_of_child = caller;
    set_signals();
    close_all_but(ends[1]);
    try {
      set_limits(memory);
      work([&](std::span<const std::uint8_t> bytes) { write_all(ends[1], bytes); });
      report_->set(Report::End::done, "");
    } catch (const std::invalid_argument& error) {
      report_->set(Report::End::refused, error.what());
    } catch (const std::exception& error) {
      report_->set(Report::End::failed, error.what());
    }
    ::_exit(0);
  }
  const std::string reason = std::strerror(errno);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::close(ends[1]);
  if (process_ > 0) return;
  ::close(pipe_);
  ::munmap(report_, sizeof(Report));
  fail_runtime("cannot start a process: {}", reason);
}

ChildProcess::~ChildProcess() {
  end();
  ::munmap(report_, sizeof(Report));
}

bool ChildProcess::read(std::span<std::uint8_t> bytes, Clock::time_point deadline) {
  std::size_t done = 0;
  while (done < bytes.size() && process_ != 0) {
    pollfd readable{.fd = pipe_, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&readable, 1, milliseconds_until(deadline));
    if (Clock::now() > deadline) {
      end();
      throw ChildLate("the deadline came first");
    }
    if (ready <= 0) continue;
    const ssize_t got = ::read(pipe_, bytes.data() + done, bytes.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got > 0) {
      done += static_cast<std::size_t>(got);
      continue;
    }
    const int status = end();
    if (done > 0 || report_->end != Report::End::done) fail_with(status);
  }
  return done == bytes.size();
}

int ChildProcess::end() {
  if (process_ == 0) return 0;
  int status = 0;
  const pid_t child = std::exchange(process_, 0);
  ::close(std::exchange(pipe_, -1));
  if (::waitpid(child, &status, WNOHANG) != 0) return status;
  ::kill(child, SIGKILL);  // which changes nothing where it is ending by itself
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  return status;
}

void ChildProcess::fail_with(int status) const {
  const std::string text(report_->text, ::strnlen(report_->text, sizeof report_->text));
  if (report_->end == Report::End::refused) throw std::invalid_argument(text);
  if (report_->end == Report::End::failed) throw std::runtime_error(text);
  if (!WIFSIGNALED(status)) throw ChildCrash(fmt::format("status {}", WEXITSTATUS(status)));
  throw ChildCrash(fmt::format("signal {} ({})", WTERMSIG(status), ::strsignal(WTERMSIG(status))));
}

}  // namespace omma
