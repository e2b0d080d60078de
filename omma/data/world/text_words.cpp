#include "omma/data/world/text_words.h"

#include <set>
#include <string_view>

#include "omma/data/world/exact_caption.h"
#include "omma/data/world/language.h"
#include "omma/data/world/web_text.h"

namespace omma {
namespace {

constexpr std::uint64_t kSeed = 0x776f726473ULL, kScenes = 1500;

void add_words(std::string_view text, std::set<std::string>& words) {
  std::string word;
  for (const char c : std::string(text) + " ") {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    const bool letter = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9');
    if (letter) word += lower;
    if (letter || word.empty()) continue;
    words.insert(word);
    word.clear();
  }
}

}  // namespace

std::vector<std::string> world_text_words() {
  std::set<std::string> words;
  for (const std::string_view text : generic_texts()) add_words(text, words);
  for (int name = 0; name < world_name_count; ++name) {
    add_words(world_noun(name).singular, words);
    add_words(world_noun(name).plural, words);
  }
  for (std::uint64_t i = 0; i < kScenes; ++i) {
    const Scene scene = make_scene(kSeed, i, {.size = 32});
    Rng rng(kSeed, i);
    add_words(exact_caption(scene, rng), words);
    for (const Caption& caption : captions(scene, rng)) add_words(caption.text, words);
    for (const Question& question : questions(scene, rng)) {
      add_words(question.text, words);
      add_words(question.answer, words);
    }
  }
  return {words.begin(), words.end()};
}

}  // namespace omma
