#include "omma/agent/transcript.h"

#include <algorithm>

#include "omma/agent/react_prompt.h"
#include "omma/base/error.h"

namespace omma {

namespace {

json to_line(const AgentStep& step) {
  return {{"event", "step"},     {"generated", step.generated},     {"thought", step.thought}, {"action", step.action},
          {"input", step.input}, {"observation", step.observation}, {"data", step.data},       {"failed", step.failed}};
}

std::string text_of(const json& line, const char* field, const std::string& where) {
  check(line.contains(field) && line[field].is_string(), "{}: {}: expected a string", where, field);
  return line[field].get<std::string>();
}

AgentStep step_of(const json& line, const std::string& where) {
  AgentStep step;
  step.generated = text_of(line, "generated", where);
  step.thought = text_of(line, "thought", where);
  step.action = text_of(line, "action", where);
  step.observation = text_of(line, "observation", where);
  step.input = line.value("input", json());
  step.data = line.value("data", json());
  step.failed = line.value("failed", json(false)) == true;
  return step;
}

AgentEnd end_of(const std::string& name, const std::string& where) {
  for (const AgentEnd end : {AgentEnd::answer, AgentEnd::max_steps, AgentEnd::max_seconds, AgentEnd::length, AgentEnd::error})
    if (name == name_of(end)) return end;
  fail("{}: stopped: expected answer, max_steps, max_seconds, length or error, got \"{}\"", where, name.substr(0, 100));
}

// Says again what was recorded.
class RecordedModel : public LanguageModel {
 public:
  explicit RecordedModel(const Transcript& transcript) : transcript_(transcript) {}
  AgentFormat agent_format() const override { return transcript_.format; }
  GeneratedText generate(std::string_view, const GenerationOptions&, const TextCallback&) override {
    const auto& steps = transcript_.result.steps;
    GeneratedText text;
    text.text = next_ < steps.size() ? steps[next_].generated : transcript_.result.final_text;
    text.tokens = 1;
    check(next_ <= steps.size(), "replay: the loop asked for more texts than were recorded");
    ++next_;
    return text;
  }

 private:
  const Transcript& transcript_;
  std::size_t next_ = 0;
};

// A call reaches its tool at most once, so the first step that made it holds the result.
ToolResult recorded_result(const std::vector<AgentStep>& steps, const std::string& action, const json& input) {
  for (const AgentStep& step : steps) {
    if (step.action != action || step.input != input) continue;
    if (step.failed) fail_runtime("{}", step.observation.substr(std::min(error_prefix.size(), step.observation.size())));
    return {.summary = step.observation, .details = "", .data = step.data};
  }
  fail("replay: a call of {} that was not recorded", action);
}

}  // namespace

std::string write_transcript(const Transcript& transcript) {
  const AgentResult& result = transcript.result;
  std::string lines = dump_json({{"event", "question"},
                                 {"question", transcript.question},
                                 {"format", transcript.format == AgentFormat::compact ? "compact" : "plain"}}) +
                      "\n";
  for (const AgentStep& step : result.steps) lines += dump_json(to_line(step)) + "\n";
  return lines +
         dump_json({{"event", "answer"},
                    {"generated", result.final_text},
                    {"answer", result.answer},
                    {"stopped", name_of(result.stopped)},
                    {"reason", result.reason},
                    {"tokens", result.tokens}}) +
         "\n";
}

Transcript read_transcript(std::string_view lines, std::string_view where) {
  Transcript transcript;
  bool answered = false;
  for (int number = 1; !lines.empty(); ++number) {
    const auto end = std::min(lines.find('\n'), lines.size());
    const std::string at = fmt::format("{}: line {}", where, number);
    const json line = parse_json(lines.substr(0, end), at);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    check(line.is_object() && !answered, "{}: expected one event, and none after the answer", at);
    const std::string event = text_of(line, "event", at);
    check((event == "question") == (number == 1), "{}: event: expected the question first and once, got \"{}\"", at,
          event.substr(0, 100));
    if (event == "question") {
      transcript.question = text_of(line, "question", at);
      transcript.format = text_of(line, "format", at) == "compact" ? AgentFormat::compact : AgentFormat::plain;
    } else if (event == "step") {
      transcript.result.steps.push_back(step_of(line, at));
    } else {
      check(event == "answer", "{}: event: expected question, step or answer, got \"{}\"", at, event.substr(0, 100));
      answered = true;
      transcript.result.final_text = text_of(line, "generated", at);
      transcript.result.answer = text_of(line, "answer", at);
      transcript.result.stopped = end_of(text_of(line, "stopped", at), at);
      transcript.result.reason = text_of(line, "reason", at);
      transcript.result.tokens = line.contains("tokens") && line["tokens"].is_number_integer() ? line["tokens"].get<int>() : 0;
    }
  }
  check(answered, "{}: expected an answer event at the end", where);
  return transcript;
}

AgentResult replay(const Transcript& transcript, const Toolbox& tools, const AgentOptions& options) {
  RecordedModel model(transcript);
  const auto& expected = transcript.result.steps;
  Toolbox recorded;
  for (Tool tool : tools.tools()) {
    tool.run = [&expected, name = tool.name](const json& input) { return recorded_result(expected, name, input); };
    recorded.add(std::move(tool));
  }
  AgentOptions limits = options;
  if (transcript.result.stopped != AgentEnd::answer)
    limits.max_steps = static_cast<int>(expected.size());  // whatever the limit was
  AgentResult result = run_agent(model, recorded, transcript.question, limits);
  check(result.steps.size() == expected.size(), "replay: expected {} steps, got {}", expected.size(), result.steps.size());
  for (std::size_t i = 0; i < expected.size(); ++i)
    check(result.steps[i].observation == expected[i].observation, "replay: step {}: expected the observation \"{}\", got \"{}\"",
          i + 1, expected[i].observation, result.steps[i].observation);
  check(result.answer == transcript.result.answer, "replay: expected the answer \"{}\", got \"{}\"", transcript.result.answer,
        result.answer);
  return result;
}

}  // namespace omma
