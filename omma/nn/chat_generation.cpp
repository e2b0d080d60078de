#include "omma/nn/chat_generation.h"

#include <algorithm>

#include "omma/base/error.h"
#include "omma/base/stopwatch.h"
#include "omma/nn/language_network.h"
#include "omma/nn/text_generation.h"

namespace omma {
namespace {

constexpr int64_t default_max_tokens = 512;

ordered_json content_of(const ChatTurn& turn, bool in_parts) {
  ordered_json parts = ordered_json::array();
  std::string text;
  for (const ChatPart& part : turn.parts) {
    const auto* words = std::get_if<std::string>(&part);
    check(words != nullptr || in_parts, "chat: this model sees no pictures");
    if (words == nullptr) {
      parts.push_back({{"type", std::holds_alternative<SharedVideo>(part) ? "video" : "image"}});
      continue;
    }
    text += *words;
    parts.push_back({{"type", "text"}, {"text", *words}});
  }
  return in_parts ? parts : ordered_json(text);
}

std::string text_of(const ChatTurn& turn) { return content_of(turn, false); }

// Notes how long reading the prompt took.
class TimedDecoder : public AutoregressiveDecoder {
 public:
  TimedDecoder(AutoregressiveDecoder& decoder, double& milliseconds) : decoder_(decoder), milliseconds_(milliseconds) {}
  torch::Tensor start() override {
    Stopwatch watch;
    torch::Tensor logits = decoder_.start();
    milliseconds_ = watch.lap();
    return logits;
  }
  torch::Tensor step(const torch::Tensor& tokens) override { return decoder_.step(tokens); }
  void reorder(const torch::Tensor& rows) override { decoder_.reorder(rows); }

 private:
  AutoregressiveDecoder& decoder_;
  double& milliseconds_;
};

}  // namespace

ordered_json chat_turns_json(std::span<const ChatTurn> turns, bool in_parts) {
  ordered_json list = ordered_json::array();
  for (const ChatTurn& turn : turns) list.push_back({{"role", turn.role}, {"content", content_of(turn, in_parts)}});
  return list;
}

ChatTemplate find_chat_template(const std::filesystem::path& directory, const std::string& name) {
  if (name.empty()) return ChatTemplate::from_directory(directory);
  const bool is_built_in = std::ranges::count(ChatTemplate::built_in_names(), name) > 0, is_file = std::filesystem::exists(name);
  if (!is_built_in && !is_file && ChatTemplate::has_template(directory))
    if (const ChatTemplate own = ChatTemplate::from_directory(directory); own.contains(name)) return own.only(name);
  ChatTemplate chat = is_built_in || !is_file ? ChatTemplate::built_in(name) : ChatTemplate::from_file(name);
  chat.take_special_tokens(directory);
  return chat;
}

ChatGeneration::ChatGeneration(LlamaForCausalLM model, Tokenizer tokenizer, ChatTemplate chat_template, GenerationConfig generation)
    : model_(std::move(model)),
      tokenizer_(std::move(tokenizer)),
      template_(std::move(chat_template)),
      generation_(std::move(generation)),
      memory_(model_) {}

std::vector<int64_t> ChatGeneration::encode(std::span<const ChatTurn> turns, bool in_parts) const {
  check(!turns.empty(), "chat: expected at least one turn");
  const bool goes_on = turns.back().role == "assistant";
  const auto told = turns.first(turns.size() - (goes_on ? 1 : 0));
  MarkedText chat = template_.render(chat_turns_json(told, in_parts), {.add_generation_prompt = true});
  if (goes_on) {
    const bool is_apart = chat.text.empty() || chat.text.back() == ' ' || chat.text.back() == '\n';
    if (!is_apart) chat.append(" ");
    chat.append(text_of(turns.back()), /*is_outside=*/true);
  }
  const Encoding encoding = encode_chat(chat, template_, tokenizer_);
  return {encoding.ids.begin(), encoding.ids.end()};
}

ChatReply ChatGeneration::reply(const RememberedPrompt& prompt, const std::vector<int64_t>& ids, const GenerationOptions& options,
                                const TextCallback& stream) {
  const torch::InferenceMode inference;
  const auto tokens = std::ssize(prompt.keys);
  const GenerationSettings settings =
      within_context(settings_of(generation_, options, default_max_tokens), tokens, model_->config().max_position_embeddings);
  const TextPrompt text{.tokens = ids, .length = tokens, .stop = stops_of(generation_, options), .stream = stream};
  ChatReply reply;
  Stopwatch watch;
  double reading = 0, before = 0;
  const auto run = [&](AutoregressiveDecoder& decoder) {
    before = watch.lap();
    TimedDecoder timed(decoder, reading);
    static_cast<GeneratedText&>(reply) = generate_texts(timed, tokenizer_, std::span(&text, 1), settings).front();
  };
  if (settings.beams > 1) {
    CausalDecoder decoder(*model_, {prompt.embeddings(0)}, settings.max_tokens, settings.deadline);
    reply.read_tokens = static_cast<int>(tokens);
    run(decoder);
  } else {
    reply.read_tokens = static_cast<int>(tokens - memory_.known(prompt.keys));
    PromptMemory::Decoder decoder = memory_.read(prompt, settings.max_tokens, settings.deadline);
    run(decoder);
  }
  reply.timing = {.encode = before + reading, .decode = watch.lap() - reading};
  return reply;
}

double ChatGeneration::score(const RememberedPrompt& prompt, const std::string& reply) {
  const torch::InferenceMode inference;
  const Encoding encoding = tokenizer_.encode(reply, {.add_special_tokens = false, .parse_special = false});
  std::vector<int64_t> tokens(encoding.ids.begin(), encoding.ids.end());
  if (const auto ends = generation_.end_tokens(); !ends.empty()) tokens.push_back(ends.front());
  GenerationSettings length;
  length.max_tokens = std::ssize(tokens);
  length = within_context(length, std::ssize(prompt.keys), model_->config().max_position_embeddings);
  check(length.max_tokens == std::ssize(tokens), "chat: a reply of {} tokens does not fit the context", tokens.size());
  PromptMemory::Decoder decoder = memory_.read(prompt, std::ssize(tokens), {});
  torch::Tensor logits = decoder.start();
  double sum = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (i > 0) logits = decoder.step(torch::tensor({tokens[i - 1]}, torch::kLong).to(logits.device()));
    sum += torch::log_softmax(logits[0].to(torch::kFloat32), 0)[tokens[i]].item<double>();
  }
  return sum;
}

}  // namespace omma
