// What the program says to a command line, without a process for each of a thousand.
#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <string>
#include <vector>

#include "apps/program.h"

namespace omma {
namespace {

struct Output {
  int status;
  std::string out, err;
};

Output run(std::vector<std::string> words) {
  words.insert(words.begin(), "omma");
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  const int status = app::run_program(static_cast<int>(arguments.size()), arguments.data());
  return {status, ::testing::internal::GetCapturedStdout(), ::testing::internal::GetCapturedStderr()};
}

TEST(Help, HelpOfEveryCommandHasDefaultsAndAnExample) {
  const auto of = [](std::vector<std::string> words) {
    const auto help = run(words);
    EXPECT_EQ(help.status, 0) << help.err;
    return help.out;
  };
  for (const char* command : {"caption", "match", "ask", "detect", "segment", "agent", "bootstrap", "render", "train", "validate",
                              "convert", "inspect", "list", "pull"}) {
    EXPECT_NE(of({"help", command}).find(std::string("Example: omma ") + command), std::string::npos) << command;
    EXPECT_EQ(of({"help", command}), of({command, "--help"}));
  }
  for (const char* task : {"detection", "caption", "retrieval", "matching", "vqa", "agent"})
    EXPECT_NE(of({"help", "eval", task}).find(std::string("Example: omma eval ") + task), std::string::npos) << task;
  EXPECT_NE(of({"help", "detect"}).find("else .35"), std::string::npos);
  EXPECT_NE(of({"help", "caption"}).find("default: the model's, else 1: greedy"), std::string::npos);
  EXPECT_EQ(of({"help"}).find("served"), std::string::npos);
}

TEST(Help, MistypedNamesAreTold) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"detcet", "a.png"}, "detcet: no such command; did you mean detect?"},
      {{"help", "captoin"}, "captoin: no such command; did you mean caption?"},
      {{"eval", "detections"}, "detections: no such command; did you mean detection?"},
      {{"detect", "a.png", "--phrsae", "dog"}, "--phrsae: no such flag; did you mean --phrase?"},
      {{"train", "recipes/planer-nano.json"}, "did you mean planner-nano.json?"},
      {{"inspect", "blip-nano-captoin"}, "did you mean blip-nano-caption?"},
      {{"inspect", "smolm2"}, "did you mean smollm2?"},
      {{"pull", "smollm"}, "did you mean smollm2?"},
      {{"fly"}, "expected one of caption, match"},
  };
  for (const auto& [arguments, message] : cases) {
    const Output told = run(arguments);
    EXPECT_EQ(told.status, 2);
    EXPECT_NE(told.err.find(message), std::string::npos) << told.err;
  }
}

struct Flag {
  std::string name, type;
};

// The flags of a command that take a value, as its help has them.
std::vector<Flag> flags_of(std::vector<std::string> command) {
  command.push_back("--help");
  const std::string help = run(command).out;
  const std::regex flag("(--[a-z-]+) ([A-Z][A-Z|:]*)");
  std::vector<Flag> flags;
  for (std::sregex_iterator match(help.begin(), help.end(), flag), end; match != end; ++match)
    flags.push_back({(*match)[1], (*match)[2]});
  return flags;
}

TEST(Flags, EveryNumberIsFiniteAndEveryPathIsThere) {
  const std::vector<std::vector<std::string>> commands = {{"caption"},
                                                          {"match"},
                                                          {"ask"},
                                                          {"detect"},
                                                          {"segment"},
                                                          {"agent"},
                                                          {"bootstrap"},
                                                          {"render"},
                                                          {"train"},
                                                          {"validate"},
                                                          {"convert"},
                                                          {"eval", "detection"},
                                                          {"eval", "caption"},
                                                          {"eval", "retrieval"},
                                                          {"eval", "matching"},
                                                          {"eval", "segmentation"},
                                                          {"eval", "vqa"},
                                                          {"eval", "agent"}};
  const std::set<std::string> texts = {"--split",  "--device", "--dtype",    "--task",  "--data", "--set", "--class",
                                       "--format", "--phrase", "--question", "--point", "--box",  "--text"};
  std::size_t numbers = 0, paths = 0;
  for (const std::vector<std::string>& command : commands) {
    for (const auto& [name, type] : flags_of(command)) {
      const bool is_path = type.find("DIR") != std::string::npos || type == "FILE" || type.find("PATH") != std::string::npos;
      const bool is_number = type.size() == 1 && !texts.contains(name);
      std::vector<std::string> values;
      if (is_number) values = {"nan", "inf", "-4000000", "1e999", "99999999999999999999999", "3x", ""};
      if (is_path) values = {""};
      numbers += is_number;
      paths += is_path;
      for (const std::string& value : values) {
        std::vector<std::string> arguments = command;
        arguments.insert(arguments.end(), {name, value});
        const Output told = run(arguments);
        EXPECT_EQ(told.status, 2) << command.back() << " " << name << " " << value;
        EXPECT_NE(told.err.find(name + ": expected"), std::string::npos) << name << " " << value << ": " << told.err;
      }
    }
  }
  EXPECT_GE(numbers, 60U);
  EXPECT_GE(paths, 30U);
}

}  // namespace
}  // namespace omma
