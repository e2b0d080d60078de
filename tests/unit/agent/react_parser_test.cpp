#include "omma/agent/react_parser.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace omma {
namespace {

// What a golden text must be read as: an answer, an action with its input, or a fault whose message holds `fault`.
struct Golden {
  std::string text;
  std::string thought;
  std::string answer;
  std::string action;
  std::string input;  // as JSON
  std::string fault;
};

Golden answer(std::string text, std::string thought, std::string expected) { return {text, thought, expected, "", "", ""}; }
Golden action(std::string text, std::string thought, std::string name, std::string input) {
  return {text, thought, "", name, input, ""};
}
Golden fault(std::string text, std::string message) { return {text, "", "", "", "", message}; }

const std::vector<Golden>& goldens() {
  static const std::vector<Golden> list = {
      // The plain forms.
      action(" Look.\nAction: detect_objects\nAction Input: {\"objects\": [\"car\"]}", "Look.", "detect_objects",
             R"({"objects":["car"]})"),
      action("Look.\nAction: detect_objects\nAction Input: {\"objects\": [\"car\"]}\n", "Look.", "detect_objects",
             R"({"objects":["car"]})"),
      answer(" I know.\nFinal Answer: 3", "I know.", "3"),
      answer("\nFinal Answer: 3\n", "", "3"),
      answer("Final Answer: yes", "", "yes"),
      answer(" a\nb\nFinal Answer: two\nlines", "a\nb", "two\nlines"),
      // Spaces, quotes, brackets and emphasis around the name.
      action("x\nAction:   detect_objects  \nAction Input: {}", "x", "detect_objects", "{}"),
      action("x\nAction: \"detect_objects\"\nAction Input: {}", "x", "detect_objects", "{}"),
      action("x\nAction: 'detect_objects'\nAction Input: {}", "x", "detect_objects", "{}"),
      action("x\nAction: `detect_objects`\nAction Input: {}", "x", "detect_objects", "{}"),
      action("x\nAction: [detect_objects]\nAction Input: {}", "x", "detect_objects", "{}"),
      action("x\nAction: detect_objects.\nAction Input: {}", "x", "detect_objects", "{}"),
      action("x\nAction: detect_objects()\nAction Input: {}", "x", "detect_objects", "{}"),
      action("x\n**Action:** detect_objects\n**Action Input:** {}", "x", "detect_objects", "{}"),
      action("x\n**Action**: detect_objects\n**Action Input**: {}", "x", "detect_objects", "{}"),
      action("x\n  action : detect_objects\n  ACTION INPUT : {}", "x", "detect_objects", "{}"),
      action("x\n### Action: detect_objects\n### Action Input: {}", "x", "detect_objects", "{}"),
      action("x\r\nAction: detect_objects\r\nAction Input: {\"a\": 1}\r\n", "x", "detect_objects", R"({"a":1})"),
      // Thoughts that repeat the marker, hold colons or braces, or talk of actions.
      action("Thought: Look.\nAction: a\nAction Input: {}", "Look.", "a", "{}"),
      action("First: {look}\nAction: a\nAction Input: {}", "First: {look}", "a", "{}"),
      action("My next action: look\nAction: a\nAction Input: {}", "My next action: look", "a", "{}"),
      answer("The Final Answer: is not yet here\nFinal Answer: 4", "The Final Answer: is not yet here", "4"),
      // Input over several lines, in a fence, with text after it.
      action("x\nAction: a\nAction Input:\n{\n  \"b\": [\n    1,\n    2\n  ]\n}", "x", "a", R"({"b":[1,2]})"),
      action("x\nAction: a\nAction Input: ```json\n{\"b\": 1}\n```", "x", "a", R"({"b":1})"),
      action("x\nAction: a\nAction Input:\n```\n{\"b\": 1}\n```\n", "x", "a", R"({"b":1})"),
      action("x\nAction: a\nAction Input: ```{\"b\": 1}```", "x", "a", R"({"b":1})"),
      action("x\nAction: a\nAction Input: {\"b\": 1} I hope that is right.", "x", "a", R"({"b":1})"),
      action("x\nAction: a\nAction Input: {\"b\": 1}\nThat should work.", "x", "a", R"({"b":1})"),
      action("x\nAction: a\nAction Input: {\"b\": \"}\"}", "x", "a", R"({"b":"}"})"),
      action("x\nAction: a\nAction Input: {\"b\": \"\\\"}\"}", "x", "a", R"({"b":"\"}"})"),
      action("x\nAction: a\nAction Input: [1, 2]", "x", "a", "[1,2]"),
      action("x\nAction: a\nAction Input: \"car\"", "x", "a", "\"car\""),
      action("x\nAction: a\nAction Input: 3", "x", "a", "3"),
      action("x\nAction: a\nAction Input: {\"b\": \"\xC3\xA9t\xC3\xA9 \xE7\x8A\xAC\"}", "x", "a",
             "{\"b\":\"\xC3\xA9t\xC3\xA9 \xE7\x8A\xAC\"}"),
      // Two in one: the first marker decides.
      action("x\nAction: a\nAction Input: {}\nAction: b\nAction Input: {\"c\": 1}", "x", "a", "{}"),
      action("x\nAction: a\nAction Input: {}\nThought: y\nAction: b\nAction Input: {}", "x", "a", "{}"),
      action("x\nAction: a\nAction Input: {}\nFinal Answer: 3", "x", "a", "{}"),
      answer("x\nFinal Answer: 3\nAction: a\nAction Input: {}", "x", "3"),
      answer("x\nFinal Answer: 3\nFinal Answer: 4", "x", "3"),
      // The model goes on to invent the world's part.
      action("x\nAction: a\nAction Input: {}\nObservation: found 5\nThought: done\nFinal Answer: 5", "x", "a", "{}"),
      answer("x\nFinal Answer: 3\nQuestion: another?\nThought: y", "x", "3"),
      fault("x\nObservation: found 5\nFinal Answer: 5", "neither an action nor an answer"),
      // A stop string inside the input's text is not at the start of a line.
      action("x\nAction: a\nAction Input: {\"b\": \"Observation: 1\"}", "x", "a", R"({"b":"Observation: 1"})"),
      // Faults.
      fault("", "neither an action nor an answer"),
      fault("I do not know what to do.", "neither an action nor an answer"),
      fault("x\nAction: a", "has no input"),
      fault("x\nAction: a\nFinal Answer: 3", "has no input"),
      fault("x\nAction:\nAction Input: {}", "no name"),
      fault("x\nAction: a\nAction Input:", "empty"),
      fault("x\nAction: a\nAction Input:   \n", "empty"),
      fault("x\nAction: a\nAction Input: {\"b\": ", "action input"),
      fault("x\nAction: a\nAction Input: {'b': 1}", "action input"),
      fault("x\nAction: a\nAction Input: {\"b\": 1,}", "action input"),
      fault("x\nAction: a\nAction Input: {\"b\": 1, \"b\": 2}", "action input"),
      fault("x\nAction: a\nAction Input: car", "action input"),
      fault("x\nAction: a\nAction Input: {\"b\": NaN}", "action input"),
      fault("x\nFinal Answer:", "empty"),
      fault("x\nFinal Answer:   \n \n", "empty"),
  };
  return list;
}

TEST(ReactParser, GoldenTexts) {
  ASSERT_GE(goldens().size(), 40U);
  for (const Golden& golden : goldens()) {
    SCOPED_TRACE(golden.text);
    const ReactStep step = parse_react(golden.text);
    if (!golden.fault.empty()) {
      EXPECT_NE(step.fault.find(golden.fault), std::string::npos) << step.fault;
      EXPECT_FALSE(step.answer);
      continue;
    }
    EXPECT_EQ(step.fault, "");
    EXPECT_EQ(step.thought, golden.thought);
    EXPECT_EQ(step.answer.value_or(""), golden.answer);
    EXPECT_EQ(step.action.value_or(""), golden.action);
    if (!golden.action.empty()) {
      EXPECT_EQ(step.input, json::parse(golden.input));
    }
  }
}

TEST(ReactParser, NestingAndSizeOfTheInputAreBounded) {
  const std::string deep = std::string(10000, '[') + std::string(10000, ']');
  EXPECT_NE(parse_react("x\nAction: a\nAction Input: " + deep).fault, "");
  const std::string large = "{\"b\": \"" + std::string(10 << 20, 'x') + "\"}";
  EXPECT_NE(parse_react("x\nAction: a\nAction Input: " + large).fault, "");
}

}  // namespace
}  // namespace omma
