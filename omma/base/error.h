// Errors at boundaries: what was expected and what was found.
//
// std::invalid_argument is the caller's mistake (a bad flag, file, image or config: exit status 2), std::runtime_error the
// environment's (disk full, network down: exit status 1). Assertions are for our own bugs only.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

namespace omma {

// Throws std::invalid_argument with the formatted message.
template <class... Args>
[[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) {
  throw std::invalid_argument(fmt::format(format, std::forward<Args>(args)...));
}

// Throws std::invalid_argument unless `ok`: check(x.dim() == 2, "boxes: expected [N, 4], got {}", shape(x)).
// The message's arguments are evaluated either way: keep costly ones behind an `if` and fail().
template <class... Args>
void check(bool ok, fmt::format_string<Args...> format, Args&&... args) {
  if (!ok) [[unlikely]]
    fail(format, std::forward<Args>(args)...);
}

// Throws std::runtime_error with the formatted message: the environment's failure, not the caller's.
template <class... Args>
[[noreturn]] void fail_runtime(fmt::format_string<Args...> format, Args&&... args) {
  throw std::runtime_error(fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace omma
