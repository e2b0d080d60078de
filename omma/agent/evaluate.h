// How often an agent answers right about unseen pictures of the picture-book world.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "omma/agent/react.h"
#include "omma/data/world/scene.h"
#include "omma/tasks/detector.h"

namespace omma {

struct AgentEvaluationOptions {
  int scenes = 500;
  std::uint64_t seed = 1;
  SceneOptions scene = {.split = Split::test};
  AgentOptions agent;
};

// The detector that the agent's tool uses on a scene: the same for all to measure planner and detector together, one that knows the
// scene (see known_objects.h) to measure the planner alone.
using DetectorOfScene = std::function<std::shared_ptr<Detector>(const Scene& scene)>;

// Told each question as it is answered.
struct AgentAnswer {
  std::uint64_t scene = 0;
  std::string question, expected;
  AgentResult result;
  bool right = false;
};
using AgentAnswerObserver = std::function<void(const AgentAnswer& answer)>;

// Asks each scene every type of question that it allows (see language.h), and "count": how many X are there, where X is there or
// not and has a colour or not, each by a coin; the world's own counting questions are "count_balanced". {"count": {"right",
// "asked", "accuracy"}, ..., "all": {...}, "steps": mean}.
json evaluate_agent(LanguageModel& model, const DetectorOfScene& detector_of, const AgentEvaluationOptions& options = {},
                    const AgentAnswerObserver& observer = nullptr);

// Whether `answer` says `expected`: its first number where a number is expected, else the same words, whatever the case and the
// full stop; "yes, it is" says "yes".
bool says(std::string_view answer, std::string_view expected);

}  // namespace omma
