#include "omma/recipes/llava/vocabulary.h"

#include <array>

#include "omma/data/instruction_dataset.h"
#include "omma/recipes/word_tokenizer.h"

namespace omma {
namespace {

constexpr std::string_view dialogues = "world:seed=20261,size=32,count=8000,kinds=caption+conversation+detail+reasoning+short";
constexpr int least_uses = 8;  // of a word in these dialogues

}  // namespace

json llava_world_tokenizer(const DialogueForm& form, std::span<const std::string> more) {
  const auto data = open_instruction_dataset(dialogues, "train");
  std::map<std::string, int> uses;
  for (std::size_t i = 0; i < data->size(); ++i) count_words(write_out(data->sample(i), form).text.text, uses);
  const std::array<std::string, 2> special = {std::string(llava_end_token), std::string(image_token)};
  std::vector<std::string> words = frequent_words(uses, least_uses);
  for (const std::string& word : more) words.push_back(" " + word);
  return word_tokenizer(special, words);
}

}  // namespace omma
