// omma: one program, a command per task.
#include <malloc.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <system_error>

#include "apps/command.h"
#include "apps/commands.h"
#include "apps/flag_values.h"
#include "apps/help.h"
#include "omma/base/version.h"

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
  using namespace omma::app;
  keep_freed_memory();
  CLI::App app("omma: open vision-language models, run and trained in one native program", "omma");
  app.set_version_flag("--version", std::string("omma ") + omma::kVersion);
  app.require_subcommand(1);
  for (const auto add : {add_caption, add_match, add_ask, add_detect, add_agent, add_bootstrap, add_render, add_train, add_eval,
                         add_validate, add_convert, add_inspect, add_list})
    add(app);
  add_help(app);
  limit_flag_values(app);
  try {
    app.parse(argc, argv);
    return last_status();
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {  // --help, --version
      app.exit(error);
      return kDone;
    }
    fmt::print(stderr, "{}", mistake_in(app, {argv + 1, argv + argc}, error.what()));
    return kCallersMistake;
  } catch (const std::invalid_argument& error) {
    fmt::print(stderr, "omma: {}\n", error.what());
    return kCallersMistake;
  } catch (const std::filesystem::filesystem_error& error) {
    const bool circle = error.code() == std::errc::too_many_symbolic_link_levels;
    const std::string message = circle ? error.path1().string() + ": a symbolic link that leads to itself" : error.what();
    fmt::print(stderr, "omma: {}\n", message);
    return circle ? kCallersMistake : kFailure;
  } catch (const std::exception& error) {
    fmt::print(stderr, "omma: {}\n", error.what());
    return kFailure;
  }
}
