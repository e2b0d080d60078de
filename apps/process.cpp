#include "apps/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <system_error>

#include "apps/command.h"

namespace omma::app {
namespace {

void open_if_closed(int descriptor, int flags) {
  if (::fcntl(descriptor, F_GETFD) != -1 || errno != EBADF) return;
  if (::open("/dev/null", flags) != descriptor) ::_exit(kFailure);  // the lowest free number: those below are open
}

bool reader_has_gone() {
  struct pollfd output{.fd = STDOUT_FILENO, .events = POLLOUT, .revents = 0};
  return ::poll(&output, 1, 0) == 1 && (output.revents & POLLERR) != 0;
}

}  // namespace

void prepare_process() {
  open_if_closed(STDIN_FILENO, O_RDONLY);
  open_if_closed(STDOUT_FILENO, O_RDONLY);  // so that writing to it fails
  open_if_closed(STDERR_FILENO, O_WRONLY);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

void write_stdout(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size())
    throw std::system_error(errno, std::generic_category(), "cannot write to stdout");
}

void write_stderr(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stderr) != text.size()) std::clearerr(stderr);
}

int stdout_failure(int error) {
  if (!reader_has_gone())
    write_stderr(fmt::format("omma: cannot write to stdout{}{}\n", error != 0 ? ": " : "", error != 0 ? std::strerror(error) : ""));
  std::clearerr(stdout);  // it is told
  return kFailure;
}

int close_stdout(int status) {
  errno = 0;
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return status;
  return stdout_failure(errno);
}

}  // namespace omma::app
