// omma: one program, a command per task.
#include <malloc.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>

#include "apps/command.h"
#include "apps/commands.h"
#include "apps/flag_values.h"
#include "apps/help.h"
#include "apps/process.h"
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

int tell(const std::exception& error, int status) {
  omma::app::write_stderr(fmt::format("omma: {}\n", error.what()));
  return status;
}

int run(int argc, char** argv) {
  using namespace omma::app;
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
    if (error.get_exit_code() != static_cast<int>(CLI::ExitCodes::Success)) {
      write_stderr(mistake_in(app, {argv + 1, argv + argc}, error.what()));
      return kCallersMistake;
    }
    std::ostringstream text;  // --help, --version
    app.exit(error, text, text);
    std::fputs(text.str().c_str(), stdout);
    return kDone;
  } catch (const std::invalid_argument& error) {
    return tell(error, kCallersMistake);
  } catch (const std::filesystem::filesystem_error& error) {
    if (error.code() != std::errc::too_many_symbolic_link_levels) return tell(error, kFailure);
    write_stderr(fmt::format("omma: {}: a symbolic link that leads to itself\n", error.path1().string()));
    return kCallersMistake;
  } catch (const std::system_error& error) {
    return std::ferror(stdout) != 0 ? stdout_failure(error.code().value()) : tell(error, kFailure);
  } catch (const std::exception& error) {
    return tell(error, kFailure);
  }
}

}  // namespace

int main(int argc, char** argv) {
  omma::app::prepare_process();
  keep_freed_memory();
  return omma::app::close_stdout(run(argc, argv));
}
