// What an agent is asked about a scene of the picture-book world, and which answers are right.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "omma/agent/react.h"
#include "omma/agent/tools/picture_tools.h"
#include "omma/base/rng.h"
#include "omma/data/world/language.h"
#include "omma/data/world/scene.h"
#include "omma/vision/mask.h"

namespace omma {

struct SceneQuestion {
  std::string type;
  std::string text;
  std::string answer;                   // with a mask, how much of the picture it covers: "12.5 %"
  std::string caption = {};             // where the picture is to be described: each object with its colour
  std::optional<RunLengths> mask = {};  // where objects are to be cut out: these, all together
  std::optional<double> per_cent = {};  // where a share is asked for
};

// Each type of question that the scene allows (language.h, mask_questions.h), and:
//   "count"             "How many red dogs are there?": there or not, with a colour or without, each by a coin; the world's own
//                       counting questions, whose answers from 0 to 6 come about equally often, are "count_balanced"
//   "describe"          "What is in the picture?"
//   "describe_cut_out"  "Describe the picture, then segment what is left of the tree."
std::vector<SceneQuestion> scene_questions(const Scene& scene, Rng rng, Wording wording);

// Whether the models can answer such a question at all.
bool can_answer(const PictureModels& models, const SceneQuestion& question);

// Models that know the scene, and the answers to these questions about it.
PictureModels models_that_know(const Scene& scene, const std::vector<SceneQuestion>& asked);

// A description is right where every object is told with its colour and nothing else; a mask where all that the run cut out is it
// at an IoU of one half or more; a share within a tenth of it or half a point; anything else where the answer says it (says()).
bool is_right(const SceneQuestion& question, const AgentResult& result);

// The IoU of a mask that was asked for with all that the run cut out.
double mask_iou(const SceneQuestion& question, const AgentResult& result);

}  // namespace omma
