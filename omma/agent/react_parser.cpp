#include "omma/agent/react_parser.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "omma/agent/ascii.h"
#include "omma/agent/observation.h"
#include "omma/base/error.h"

namespace omma {

namespace {

enum class Marker { question, thought, action, action_input, observation, final_answer };

struct MarkerName {
  Marker marker;
  std::string_view name;
};
constexpr std::array<MarkerName, 6> marker_names = {{{Marker::question, "question"},
                                                     {Marker::thought, "thought"},
                                                     {Marker::action_input, "action input"},
                                                     {Marker::action, "action"},
                                                     {Marker::observation, "observation"},
                                                     {Marker::final_answer, "final answer"}}};

// A line's marker and where the text after it starts: "**Action:** x", "  action : x".
struct MarkedLine {
  Marker marker;
  std::size_t content;  // offset in the line
};
std::optional<MarkedLine> marked_line(std::string_view line) {
  constexpr std::string_view decoration = " \t*_#";
  const auto start = line.find_first_not_of(decoration);
  const auto colon = line.find(':');
  if (start == std::string_view::npos || colon == std::string_view::npos || colon < start) return std::nullopt;
  const std::string_view name = trim(line.substr(start, colon - start), decoration);
  for (const auto& [marker, text] : marker_names) {
    if (!equal_ignoring_case(name, text)) continue;
    std::size_t content = colon + 1;
    while (content < line.size() && line[content] == '*') ++content;
    return MarkedLine{marker, content};
  }
  return std::nullopt;
}

// The text from a marker to the next.
struct Section {
  Marker marker;
  std::string_view content;
};

// Sections in order; the first is the thought the prompt had begun.
template <class Visit>
void for_each_section(std::string_view text, Visit&& visit) {
  Marker marker = Marker::thought;
  std::size_t begin = 0;
  for (std::size_t line = 0; line <= text.size();) {
    const std::size_t end = std::min(text.find('\n', line), text.size());
    const std::string_view content = text.substr(line, end - line);
    if (const auto marked = marked_line(content)) {
      if (!visit(Section{marker, text.substr(begin, line - begin)})) return;
      marker = marked->marker;
      begin = line + marked->content;
    }
    line = end + 1;
  }
  visit(Section{marker, text.substr(std::min(begin, text.size()))});
}

// The end of the JSON value that starts at the front: its closing bracket or quote, or the whole text where it does not close.
std::size_t json_extent(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      --depth;
    }
    if (depth <= 0 && !quoted && (c == '}' || c == ']' || c == '"')) return i + 1;
  }
  return text.size();
}

std::string_view without_code_fence(std::string_view text) {
  text = trim(text);
  if (!text.starts_with("```")) return text;
  const auto line = text.find('\n');
  const auto value = text.find_first_of("{[\"", 3);
  text.remove_prefix(std::min({line, value, text.size()}));
  return trim(text.substr(0, text.rfind("```")));
}

constexpr std::size_t max_fault_bytes = 300;

void parse_input(std::string_view content, ReactStep& step) {
  step.raw_input = std::string(trim(content));
  const std::string_view text = without_code_fence(content);
  if (text.empty()) {
    step.fault = "the action input is empty; it must be a JSON object";
    return;
  }
  try {
    const bool structured = text.front() == '{' || text.front() == '[' || text.front() == '"';
    step.input = parse_json(structured ? text.substr(0, json_extent(text)) : text, "the action input's JSON",
                            {.depth = 32, .bytes = 64 << 10, .reject_duplicate_keys = true});
  } catch (const std::invalid_argument& error) {
    step.fault = sanitise_line(error.what(), max_fault_bytes);  // it may quote the input
  }
}

}  // namespace

ReactStep parse_react(std::string_view text) {
  ReactStep step;
  std::optional<std::string_view> input;
  for_each_section(text, [&](const Section& section) {
    switch (section.marker) {
      case Marker::thought:
        if (step.action) return false;  // a next step, made up
        if (!step.thought.empty()) step.thought += '\n';
        step.thought += trim(section.content);
        return true;
      case Marker::action:
        if (step.action) return false;
        step.action = std::string(trim(section.content, " \t\r\n\"'`[](){}.*"));
        return true;
      case Marker::action_input:
        if (!input) input = section.content;
        return false;
      case Marker::final_answer:
        if (!step.action) step.answer = std::string(trim(section.content));
        return false;
      default:
        return false;  // an observation or question of the model's own
    }
  });
  if (step.answer) {
    if (step.answer->empty()) step.fault = "the final answer is empty";
  } else if (!step.action) {
    step.fault =
        "there is neither an action nor an answer; write a line \"Action: NAME\" and below it a line \"Action Input: {JSON}\", or "
        "a "
        "line \"Final Answer: TEXT\"";
  } else if (step.action->empty()) {
    step.fault = "the action has no name";
  } else if (!input) {
    step.fault = "the action has no input; write \"Action Input: {JSON}\" on the line below it";
  } else {
    parse_input(*input, step);
  }
  if (!step.fault.empty() && step.answer) step.answer.reset();
  return step;
}

}  // namespace omma
