// How often an agent answers right: about unseen pictures of the picture-book world, or about those of a data set.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "omma/agent/evaluation/picture_questions.h"
#include "omma/agent/react.h"
#include "omma/agent/tools/picture_tools.h"
#include "omma/data/world/language.h"
#include "omma/data/world/scene.h"

namespace omma {

struct AgentEvaluationOptions {
  int scenes = 500;
  std::uint64_t seed = 1;
  SceneOptions scene = {.split = Split::test};
  Wording wording = Wording::taught;
  double tool_errors = 0;  // share of the tools' calls that fail
  AgentOptions agent;
};

// Told each question as it is answered.
struct AgentAnswer {
  std::uint64_t scene = 0;
  std::string key = {};  // of a data set's picture or question; "" where it is a scene
  std::string question, expected;
  AgentResult result;
  bool right = false;
};
using AgentAnswerObserver = std::function<void(const AgentAnswer& answer)>;

// Asks each scene every type of question that it allows (scene_questions.h) and the models can answer: descriptions need a
// captioner, masks a segmenter.
// Without `models` the tools know the scene: what is wrong is the planner's fault alone. {"count": {"right", "asked", "accuracy"},
// ..., "all": {...}, "steps": mean}; with masks also "mean_iou", of what was cut out.
json evaluate_agent(LanguageModel& model, const std::optional<PictureModels>& models, const AgentEvaluationOptions& options = {},
                    const AgentAnswerObserver& observer = nullptr);

// Asks the questions of a data set. {"all": {"right", "asked", "accuracy"}, "per_type": {type: the same}, "pictures", "steps"}, and
// where numbers are expected "counting": {kind: CountingReport} and "counting_overall", or "mean_mae_absent" which says why it has
// no mean. A picture that cannot be read is left out, told as a warning and counted in "unreadable".
json evaluate_agent(LanguageModel& model, const PictureModels& models, const PictureQuestions& questions,
                    const TrainingCounts& training, const AgentOptions& options = {},
                    const AgentAnswerObserver& observer = nullptr);

// The first number in `answer`, in digits.
std::optional<int> first_number(std::string_view answer);

// Whether `answer` says `expected`: its first number where a number is expected, else the same words, whatever the case and the
// full stop; "yes, it is" says "yes".
bool says(std::string_view answer, std::string_view expected);

}  // namespace omma
