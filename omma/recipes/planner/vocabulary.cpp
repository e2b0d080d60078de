#include "omma/recipes/planner/vocabulary.h"

#include <array>
#include <map>
#include <string>
#include <vector>

#include "omma/recipes/planner/trace.h"
#include "omma/recipes/word_tokenizer.h"

namespace omma {

namespace {

constexpr std::uint64_t vocabulary_seed = 20260;
constexpr std::uint64_t vocabulary_traces = 12000;
constexpr int least_uses = 8;  // in these traces: rarer words stay spelled, since a token that is hardly ever seen is not learned

std::vector<std::string> known_words() {
  std::map<std::string, int> uses;
  for (std::uint64_t i = 0; i < vocabulary_traces; ++i) {
    const PlannerTrace trace = make_planner_trace(vocabulary_seed, i, true);
    // What is not about pictures stays spelled, as are all the sentences of which no trace tells.
    const bool spelled = trace.skill == PlannerSkill::off_topic;
    count_words(std::string_view(trace.text).substr(spelled ? trace.learned.front().first : 0), uses);
  }
  return frequent_words(uses, least_uses);
}

}  // namespace

json planner_tokenizer() {
  static_assert(planner_end_token == 0);
  return word_tokenizer(std::array<std::string, 1>{"<|end|>"}, known_words());
}

}  // namespace omma
