// What can be said and asked about a scene, with exact answers. Of emblems nothing can: texts of scenes that have some throw
// std::invalid_argument. Texts of all splits but combo never name a held-out colour-name
// pair.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "omma/base/rng.h"
#include "omma/data/world/scene.h"

namespace omma {

// Objects of one name, colour and size word, each where given: "red", "dogs", "large red dogs".
struct ObjectQuery {
  std::optional<int> name;
  std::optional<int> color;
  std::string_view size;  // "", "small", "large"

  bool operator==(const ObjectQuery&) const = default;
};

std::vector<int> find_objects(const Scene& scene, const ObjectQuery& query);  // indices into scene.objects
std::string phrase_of(const ObjectQuery& query, bool plural = false);         // "large red dog", "red things"

// Whether texts of the split may name the query's pair.
bool may_be_said(const ObjectQuery& query, Split split);

// A query of name, or name and colour, that fits this object alone; one of them at random, nothing where neither does.
std::optional<ObjectQuery> unique_query(const Scene& scene, int object, Rng& rng);

// The one object in this place of the reference, where all others are clearly on the other side. The relation is one in space.
std::optional<int> only_object(const Scene& scene, Relation relation, int reference);

// The object of which most is seen, by a quarter more than of any other that fits the query.
std::optional<int> largest_object(const Scene& scene, const ObjectQuery& query);

// A phrase and all the objects that it fits.
struct ReferringPhrase {
  std::string text;
  std::vector<int> objects;  // indices into scene.objects, ascending, not empty
};

// Short phrases that detectors are asked for: names, colour-name pairs, sizes, colours alone ("red thing"), extremes ("the
// leftmost dog") and relations ("dog left of the red bus"). Each text once.
std::vector<ReferringPhrase> referring_phrases(const Scene& scene, Rng& rng);

// A caption and where it names which objects: bytes [begin, end) of the text.
struct CaptionSpan {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::vector<int> objects;
};
struct Caption {
  std::string text;  // lower case, no full stop
  std::vector<CaptionSpan> spans;
};

// `count` captions of more than 20 templates; those that a scene cannot fill (a relation among one object) are not drawn.
std::vector<Caption> captions(const Scene& scene, Rng& rng, int count = 5);

enum class QuestionType {
  count,           // "How many red dogs are there?"                      "2"
  exist,           // "Is there a red dog?"                               "yes", "no"
  color,           // "What color is the dog?"                            "red"
  relation,        // "Is the dog left of the cat?"                       "yes", "no"
  what,            // "What is left of the red dog?"                      "cat"
  compare,         // "Are there more dogs than cats?"                    "yes", "no"
  exist_relation,  // "Is there a red dog to the left of a cat?"    "yes", "no": whether any two objects stand so
};
inline constexpr int question_type_count = 7;
std::string_view name_of(QuestionType type);

struct Question {
  std::string text;
  std::string answer;  // lower case; numbers in digits
  QuestionType type = QuestionType::count;
  // How the answer follows: what a planner has to look for.
  ObjectQuery subject;
  ObjectQuery reference;  // relation, what, compare, exist_relation
  Relation relation = Relation::left_of;
};

// How a question is put: as the embedded models were taught it, or in sentences that none of them was taught.
enum class Wording { taught, held_out };

// At most one question of each type, those that the scene allows. Over many scenes answers are balanced within each type: yes and
// no equally often, absent subjects hard ones (right name, other colour), colours even, counts flattened. The wording changes
// the sentences alone.
std::vector<Question> questions(const Scene& scene, Rng& rng, Wording wording = Wording::taught);

// One way of the held-out wording to ask how many there are: "Can you count the red dogs for me?"
std::string held_out_count_question(const ObjectQuery& query, Rng& rng);

}  // namespace omma
