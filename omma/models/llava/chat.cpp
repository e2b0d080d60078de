#include "omma/models/llava/chat.h"

#include <ATen/Parallel.h>

#include <algorithm>

#include "omma/base/error.h"

namespace omma {

LlavaChat::LlavaChat(const std::filesystem::path& directory, const LlavaOptions& options, const std::string& chat_template)
    : LlavaChat(load_llava(directory, options), find_chat_template(directory, chat_template)) {}

LlavaChat::LlavaChat(LlavaCheckpoint checkpoint, ChatTemplate chat_template)
    : model_(checkpoint.model),
      processor_(std::move(checkpoint.processor)),
      generation_(checkpoint.model->language_model, std::move(checkpoint.tokenizer), std::move(chat_template),
                  std::move(checkpoint.generation)) {}

void LlavaChat::clear() {
  generation_.clear();
  pictures_.clear();
}

void LlavaChat::look_at(std::span<const ChatTurn> turns) {
  std::vector<Picture> seen;
  for (const ChatTurn& turn : turns) {
    for (const ChatPart& part : turn.parts) {
      const auto* image = std::get_if<SharedImage>(&part);
      if (image == nullptr) continue;
      check(*image != nullptr && !(*image)->empty(), "chat: expected a picture of at least one pixel");
      const auto is_it = [&](const Picture& known) { return known.image == *image || *known.image == **image; };
      if (const auto again = std::ranges::find_if(seen, is_it); again != seen.end()) {
        seen.push_back(*again);
      } else if (const auto known = std::ranges::find_if(pictures_, is_it); known != pictures_.end()) {
        seen.push_back(*known);
      } else {
        const Size size{.width = (*image)->width, .height = (*image)->height};
        seen.push_back({.image = *image, .number = next_number_++, .tokens = processor_.tokens_of(size)});
      }
    }
  }
  pictures_ = std::move(seen);
}

LlavaChat::Prompt LlavaChat::prompt_of(std::span<const ChatTurn> turns) {
  constexpr int64_t most_tokens = int64_t{1} << 24;  // of a picture
  look_at(turns);
  const int64_t place = model_->config().image_token_index;
  const std::vector<int64_t> short_ids = generation_.encode(turns, /*in_parts=*/true);
  const auto places = std::ranges::count(short_ids, place);
  check(places == std::ssize(pictures_), "chat: the template has places for {} pictures, the turns have {}", places,
        pictures_.size());
  Prompt prompt;
  std::vector<int64_t>& keys = prompt.remembered.keys;
  std::size_t next = 0;
  for (const int64_t id : short_ids) {
    if (id != place) {
      prompt.ids.push_back(id);
      keys.push_back(id);
      continue;
    }
    const Picture& picture = pictures_[next++];
    prompt.ids.insert(prompt.ids.end(), static_cast<std::size_t>(picture.tokens), place);
    for (int64_t token = 0; token < picture.tokens; ++token) keys.push_back(-1 - (picture.number * most_tokens + token));
  }
  prompt.remembered.embeddings = [this, ids = prompt.ids](int64_t first) { return embeddings(ids, first); };
  return prompt;
}

// Pictures that stand before `first` as a whole are not looked at.
Tensor LlavaChat::embeddings(const std::vector<int64_t>& ids, int64_t first) {
  const int64_t place = model_->config().image_token_index;
  int64_t skipped = std::count(ids.begin(), ids.begin() + first, place);
  std::vector<Tensor> features;
  for (Picture& picture : pictures_) {
    if (skipped >= picture.tokens) {
      skipped -= picture.tokens;
      continue;
    }
    if (!picture.features.defined()) {
      LlavaViews views = processor_(*picture.image, at::get_num_threads());
      const Tensor& weight = model_->multi_modal_projector->linear_1->weight;
      views.pixels = views.pixels.to(weight.device(), weight.scalar_type());
      const Tensor made = model_->embed_picture(views);
      for (Picture& same : pictures_)
        if (same.number == picture.number) same.features = made;
      ++encoded_;
    }
    features.push_back(picture.features.narrow(0, skipped, picture.tokens - skipped));
    skipped = 0;
  }
  const Tensor rest = torch::tensor(torch::ArrayRef<int64_t>(ids).slice(static_cast<std::size_t>(first)), torch::kLong);
  const torch::Device device = model_->language_model->model->embed_tokens->weight.device();
  return model_->embed(rest.unsqueeze(0).to(device), features.empty() ? Tensor() : torch::cat(features));
}

ChatReply LlavaChat::chat(std::span<const ChatTurn> turns, const GenerationOptions& options, const TextCallback& stream) {
  const Prompt prompt = prompt_of(turns);
  encoded_ = 0;
  ChatReply reply = generation_.reply(prompt.remembered, prompt.ids, options, stream);
  reply.encoded_pictures = encoded_;
  return reply;
}

std::vector<double> LlavaChat::score(std::span<const ChatTurn> turns, std::span<const std::string> replies) {
  const Prompt prompt = prompt_of(turns);
  std::vector<double> scores;
  for (const std::string& reply : replies) scores.push_back(generation_.score(prompt.remembered, reply));
  return scores;
}

}  // namespace omma
