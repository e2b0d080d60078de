// Questions that people wrote, with the right calls and answers: JSON lines, read whole.
//
//   {"synonyms": {"truck": ["lorry"], ...}}
//   {"picture": "crossroads", "size": [640, 480], "objects": [{"name": "truck", "color": "blue", "box": [40, 100, 260, 260]}, ...]}
//   {"picture": "w-trees", "scene": {"seed": 15, "index": 1, "split": "test"}}
//   {"clip": "crossing", "seconds": 20, "size": [640, 480], "moments": [{"from": 0, "objects": [...]}, {"from": 6, ...}]}
//   {"tool": "hive_weight", "description": "...", "schema": {...}, "example": {"hive": 31}}
//   {"kind": "count", "about": "crossroads", "question": "How many lorries?", "first": [CALL, ...], "answer": {"number": 2}}
//
// A picture's objects fill their boxes, which are [x0, y0, x1, y1] in pixels. A CALL is {"tool": "detect_objects", "input":
// {"objects": ["truck"]}}; of describe_image and describe_video, with "mentions": what its question must speak of. Each call of
// "first" is right as the first one, and from the first of them with those of "then" the answer follows; without any, no tool is to
// be called. Optional: "tools" (names of tools on offer beside the picture's), "told" (what the model that describes
// answers, or the tool returns), "why" (how the answer follows from the picture: see tests/unit/agent/question_rules.h).
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "omma/agent/evaluation/expected_answer.h"
#include "omma/agent/evaluation/known_objects.h"
#include "omma/agent/evaluation/right_call.h"
#include "omma/agent/evaluation/thing_names.h"
#include "omma/agent/tool.h"
#include "omma/data/world/split.h"
#include "omma/vision/resize.h"

namespace omma {

struct WrittenScene {
  std::uint64_t seed = 0, index = 0;
  Split split = Split::test;
};

struct WrittenMoment {
  double from = 0;  // seconds; until the next one
  std::vector<KnownObject> objects;
};

struct WrittenPicture {
  std::optional<WrittenScene> scene;  // then `size` and `moments` are not set
  Size size = {};
  std::vector<WrittenMoment> moments;  // of a picture one
  std::optional<double> seconds;       // of a clip
};

struct WrittenQuestion {
  std::string kind, about, text;
  std::vector<std::string> tools;
  std::vector<RightCall> first, then;
  ExpectedAnswer answer;
  std::string told;
  json why;
};

struct QuestionFile {
  ThingNames names;  // of the world, the pictures and the calls
  std::map<std::string, WrittenPicture> pictures;
  std::map<std::string, Tool> tools;  // without handlers
  std::vector<WrittenQuestion> questions;
};

// Throws std::invalid_argument that lists each faulty line, "FILE:17: ...".
QuestionFile read_questions(const std::filesystem::path& file);
QuestionFile parse_questions(std::string_view lines, std::string_view where);

}  // namespace omma
