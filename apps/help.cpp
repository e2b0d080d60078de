#include "apps/help.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <span>

#include "apps/command.h"
#include "apps/process.h"
#include "omma/base/did_you_mean.h"
#include "omma/base/error.h"

namespace omma::app {
namespace {

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

std::vector<std::string> names_of(const std::vector<const CLI::App*>& commands) {
  std::vector<std::string> names;
  for (const CLI::App* command : commands) names.push_back(command->get_name());
  return names;
}

std::vector<std::string> flags_of(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options())
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  return names;
}

struct Asked {
  const CLI::App* command;            // as deep as the words lead
  std::string name;                   // "omma eval detection"
  std::span<const std::string> rest;  // the words behind it
};

Asked asked_of(const CLI::App& app, std::span<const std::string> words) {
  Asked asked{.command = &app, .name = app.get_name(), .rest = words};
  while (!asked.rest.empty()) {
    const auto commands = commands_of(*asked.command);
    const auto next = std::ranges::find(commands, asked.rest.front(), &CLI::App::get_name);
    if (next == commands.end()) break;
    asked = {.command = *next, .name = asked.name + " " + asked.rest.front(), .rest = asked.rest.subspan(1)};
  }
  return asked;
}

std::string mistake(const Asked& asked, const std::string& parser_says) {
  const auto commands = names_of(commands_of(*asked.command));
  if (!commands.empty() && asked.rest.empty()) return fmt::format("expected a command: {}", fmt::join(commands, ", "));
  if (!commands.empty() && !asked.rest.front().starts_with('-')) {
    const std::string meant = did_you_mean(asked.rest.front(), commands);
    return fmt::format("{}: no such command{}", asked.rest.front(),
                       meant.empty() ? fmt::format("; expected one of {}", fmt::join(commands, ", ")) : meant);
  }
  const auto flags = flags_of(*asked.command);
  for (const std::string& word : asked.rest) {
    const std::string flag = word.substr(0, word.find('='));
    if (!flag.starts_with("--") || flag == "--" || std::ranges::find(flags, flag) != flags.end()) continue;
    return fmt::format("{}: no such flag{}", flag, did_you_mean(flag, flags));
  }
  return parser_says;
}

}  // namespace

void add_help(CLI::App& app) {
  auto words = std::make_shared<std::vector<std::string>>();
  CLI::App& command = *app.add_subcommand("help", "tell how a command is called");
  command.add_option("COMMAND", *words, "the command")->type_name("");
  add_command(command, "omma help detect", [&app, words] {
    const Asked asked = asked_of(app, *words);
    check(asked.rest.empty(), "{}", mistake(asked, "no such command"));
    print("{}", app.get_formatter()->make_help(asked.command, asked.name, CLI::AppFormatMode::Normal));
    return kDone;
  });
}

std::string mistake_in(const CLI::App& app, const std::vector<std::string>& arguments, const std::string& parser_says) {
  const Asked asked = asked_of(app, arguments);
  return fmt::format("{}: {}\nTry: {} --help\n", asked.name, mistake(asked, parser_says), asked.name);
}

}  // namespace omma::app
