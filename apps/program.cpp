#include "apps/program.h"

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

namespace omma::app {
namespace {

int tell(const std::exception& error, int status) {
  write_stderr(fmt::format("omma: {}\n", error.what()));
  return status;
}

}  // namespace

int run_program(int argc, char** argv) {
  CLI::App app("omma: open vision-language models, run and trained in one native program", "omma");
  app.set_version_flag("--version", std::string("omma ") + kVersion);
  app.require_subcommand(1);
  for (const auto add :
       {add_caption, add_match, add_ask, add_chat, add_detect, add_segment, add_annotate, add_agent, add_bootstrap, add_instruct,
        add_render, add_train, add_eval, add_validate, add_convert, add_quantize, add_inspect, add_list, add_pull})
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

}  // namespace omma::app
