// Rendered templates against Python's jinja2 as transformers sets it up: what tools/parity/chat_templates.py recorded. A case
// without "text" is one at which Python raises.
#include <gtest/gtest.h>

#include <ctime>
#include <fstream>
#include <string>

#include "omma/base/json.h"
#include "omma/text/jinja/template.h"
#include "tests/parity/text/reference.h"

namespace omma::testing {
namespace {

// Read in the order of the file's keys, which a template shows.
ordered_json read_cases(const std::string& name) {
  std::ifstream file(tokenizer_references().parent_path() / "chat_templates" / name);
  return ordered_json::parse(file);
}

JinjaOptions recorded_time() {
  std::tm now{};
  now.tm_year = 126;
  now.tm_mon = 1;
  now.tm_mday = 3;
  now.tm_hour = 16;
  now.tm_min = 5;
  now.tm_sec = 9;
  now.tm_wday = 2;
  now.tm_yday = 33;
  return {.now = now};
}

void expect_case(const std::string& source, const ordered_json& variables, const ordered_json& one) {
  std::string text, error;
  try {
    text = JinjaTemplate::parse(source, "template").render(variables, recorded_time());
  } catch (const std::invalid_argument& refused) {
    error = refused.what();
  }
  if (!one.contains("text")) {
    EXPECT_NE(error, "") << source << "\nrendered: " << text << "\nPython: " << one["error"];
  } else {
    EXPECT_EQ(error, "") << source << "\nof " << variables.dump().substr(0, 300);
    if (error.empty()) {
      EXPECT_EQ(text, one["text"].get<std::string>()) << source << "\nof " << variables.dump().substr(0, 300);
    }
  }
}

TEST(ChatTemplateParity, Snippets) {
  const ordered_json cases = read_cases("snippets.json");
  ASSERT_GT(cases["cases"].size(), 400U);
  for (const ordered_json& one : cases["cases"]) expect_case(one["source"], cases["variables"], one);
}

TEST(ChatTemplateParity, Templates) {
  const ordered_json recorded = read_cases("templates.json");
  ASSERT_GE(recorded["templates"].size(), 35U);
  for (const auto& [name, one] : recorded["templates"].items()) {
    ASSERT_GE(one["cases"].size(), 12U);
    const std::string source = one["source"];
    for (const ordered_json& rendered : one["cases"]) {
      SCOPED_TRACE(name + " of " + rendered["variables"].get<std::string>());
      expect_case(source, recorded["variables"][rendered["variables"].get<std::string>()], rendered);
    }
  }
}

}  // namespace
}  // namespace omma::testing
