// Questions that are answered with a mask, and their exact answers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "omma/base/rng.h"
#include "omma/data/world/language.h"
#include "omma/data/world/scene.h"

namespace omma {

enum class MaskQuestionType {
  cut_out,        // "Cut out the blue dog."                             one object, or all that fit: "Cut out the blue dogs."
  area,           // "How much of the picture is the largest car?"       its share
  mask_relation,  // "Segment what is left of the tree."                 the one object there
};
inline constexpr int mask_question_type_count = 3;
std::string_view name_of(MaskQuestionType type);  // "cut_out", "area", "mask_relation"

struct MaskQuestion {
  std::string text;
  std::vector<int> objects;  // whose masks are the answer: indices into scene.objects, ascending
  double per_cent = 0;       // of the picture that these are seen on
  MaskQuestionType type = MaskQuestionType::cut_out;
  // How the answer follows: what a planner has to look for.
  ObjectQuery subject;    // cut_out, area
  bool largest = false;   // area: of several that fit the subject, the largest is meant
  ObjectQuery reference;  // mask_relation
  Relation relation = Relation::left_of;
};

// At most one of each type, those that the scene allows.
std::vector<MaskQuestion> mask_questions(const Scene& scene, Rng& rng, Wording wording = Wording::taught);

// Per cent of the picture on which any of the objects is seen.
double area_share(const Scene& scene, const std::vector<int>& objects);

}  // namespace omma
