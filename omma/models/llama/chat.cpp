#include "omma/models/llama/chat.h"

namespace omma {

LlamaChat::LlamaChat(const std::filesystem::path& directory, const LanguageOptions& options, const std::string& chat_template)
    : generation_(load_llama(directory, options), Tokenizer::from_directory(directory),
                  find_chat_template(directory, chat_template), read_generation_config(directory)) {}

RememberedPrompt LlamaChat::prompt_of(const std::vector<int64_t>& ids) {
  return {.keys = ids,
          .embeddings = [this, ids](int64_t first) { return generation_.model()->embed({ids.begin() + first, ids.end()}); }};
}

ChatReply LlamaChat::chat(std::span<const ChatTurn> turns, const GenerationOptions& options, const TextCallback& stream) {
  const std::vector<int64_t> ids = generation_.encode(turns, /*in_parts=*/false);
  return generation_.reply(prompt_of(ids), ids, options, stream);
}

std::vector<double> LlamaChat::score(std::span<const ChatTurn> turns, std::span<const std::string> replies) {
  const RememberedPrompt prompt = prompt_of(generation_.encode(turns, /*in_parts=*/false));
  std::vector<double> scores;
  for (const std::string& reply : replies) scores.push_back(generation_.score(prompt, reply));
  return scores;
}

}  // namespace omma
