#include "omma/agent/react.h"

#include <algorithm>

#include "omma/agent/call_guard.h"
#include "omma/agent/observation.h"
#include "omma/agent/react_parser.h"
#include "omma/agent/react_prompt.h"
#include "omma/base/error.h"

namespace omma {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr int max_strikes = 3;  // refused calls and unreadable steps before an answer is asked for
constexpr int forced_answer_tokens = 64;
constexpr std::size_t max_answer_bytes = 4000;

class Loop {
 public:
  Loop(LanguageModel& model, const Toolbox& tools, std::string_view question, const AgentOptions& options,
       const AgentObserver& observer)
      : model_(model),
        options_(options),
        observer_(observer),
        guard_(tools),
        deadline_(Clock::now() + options.max_time),
        prompt_(react_prompt(question, tools, model.agent_format())) {}

  AgentResult run() {
    try {
      while (!finished_) {
        const std::string limit = reached_limit();
        limit.empty() ? step() : force_answer(limit);
      }
    } catch (const std::exception& error) {
      result_.stopped = AgentEnd::error;
      result_.reason = error.what();
    }
    return std::move(result_);
  }

 private:
  // One thought, and the action or the answer it leads to.
  void step() {
    AgentStep step;
    step.generated = generate(options_.max_step_tokens, {std::string(react_stop), "\nQuestion:"});
    const ReactStep parsed = parse_react(step.generated);
    if (parsed.answer) return finish(step.generated, *parsed.answer, AgentEnd::answer, "");
    step.thought = parsed.thought;
    step.action = parsed.action.value_or("");
    step.input = parsed.input;
    act(parsed, step);
    prompt_ += step.generated + react_observation(step.observation);
    result_.steps.push_back(std::move(step));
    if (observer_) observer_(result_.steps.back());
  }

  void act(const ReactStep& parsed, AgentStep& step) {
    std::string error;
    if (const Tool* tool = guard_.admit(parsed, error)) {
      ToolOutcome outcome = call_tool(*tool, parsed.input, std::min(options_.max_tool_time, time_left()));
      if (outcome.timed_out) guard_.retire(*tool);
      error = outcome.error;
      step.data = std::move(outcome.result.data);
      step.observation = observation_of(outcome.result, model_.agent_format(), options_.max_observation_bytes);
    }
    step.failed = !error.empty();
    if (step.failed) step.observation = observation_of_error(error, options_.max_observation_bytes);
  }

  std::string generate(int max_tokens, std::vector<std::string> stop) {
    GenerationOptions generation;
    generation.max_tokens = std::max(1, std::min(max_tokens, options_.max_tokens - result_.tokens));
    generation.stop = std::move(stop);
    GeneratedText text = model_.generate(prompt_, generation, [this](std::string_view) { return Clock::now() < deadline_; });
    result_.tokens += text.tokens;
    ++generations_;
    // A remote model may ignore the stop strings.
    return text.text.substr(0, text.text.find(react_stop));
  }

  // The limit that is reached, "" for none.
  std::string reached_limit() const {
    if (generations_ >= options_.max_steps) return "steps";
    if (result_.tokens >= options_.max_tokens) return "tokens";
    if (time_left() <= milliseconds(0)) return "time";
    if (guard_.strikes() >= max_strikes) return "repeated or refused calls";
    if (options_.cancelled && options_.cancelled()) return "cancelled";
    return "";
  }

  // The last word, whatever was found: a line of the model's, asked for without another thought and without a time check, since it
  // is short.
  void force_answer(const std::string& limit) {
    prompt_ += react_forced_answer;
    GenerationOptions generation;
    generation.max_tokens = forced_answer_tokens;
    generation.stop = {"\n"};
    GeneratedText text = limit == "cancelled" ? GeneratedText{} : model_.generate(prompt_, generation);
    result_.tokens += text.tokens;
    finish(text.text, text.text, AgentEnd::max_steps, limit);
  }

  void finish(const std::string& text, const std::string& answer, AgentEnd end, const std::string& reason) {
    finished_ = true;
    result_.final_text = text;
    result_.answer = sanitise(answer, max_answer_bytes);
    const auto first = result_.answer.find_first_not_of(" \n\t");
    result_.answer.erase(0, std::min(first, result_.answer.size()));
    result_.stopped = result_.answer.empty() && reason != "cancelled" ? AgentEnd::error : end;
    result_.reason = result_.stopped == AgentEnd::error ? "the language model gave no answer" : reason;
  }

  milliseconds time_left() const { return std::chrono::duration_cast<milliseconds>(deadline_ - Clock::now()); }

  LanguageModel& model_;
  const AgentOptions& options_;
  const AgentObserver& observer_;
  CallGuard guard_;
  Clock::time_point deadline_;
  std::string prompt_;
  AgentResult result_;
  int generations_ = 0;
  bool finished_ = false;
};

}  // namespace

std::string_view name_of(AgentEnd end) {
  return end == AgentEnd::answer ? "answer" : end == AgentEnd::max_steps ? "max_steps" : "error";
}

json to_json(const AgentResult& result) {
  json steps = json::array();
  for (const AgentStep& step : result.steps)
    steps.push_back({{"thought", step.thought}, {"action", step.action}, {"input", step.input}, {"observation", step.observation}});
  json object = {{"answer", result.answer}, {"steps", steps}, {"stopped", name_of(result.stopped)}};
  if (!result.reason.empty()) object["reason"] = result.reason;
  return object;
}

AgentResult run_agent(LanguageModel& model, const Toolbox& tools, std::string_view question, const AgentOptions& options,
                      const AgentObserver& observer) {
  check(!sanitise_line(question, 4000).empty(), "agent: expected a question");
  check(options.max_steps >= 0 && options.max_steps <= 1000, "agent: max_steps: expected 0 to 1000, got {}", options.max_steps);
  check(options.max_tokens >= 1 && options.max_step_tokens >= 1, "agent: expected at least one token a step and in all");
  check(options.max_observation_bytes >= 100, "agent: max_observation_bytes: expected at least 100, got {}",
        options.max_observation_bytes);
  return Loop(model, tools, question, options, observer).run();
}

}  // namespace omma
