#include "omma/models/visual_chat.h"

#include <algorithm>
#include <map>

#include "omma/base/error.h"
#include "omma/nn/visual_places.h"

namespace omma {
namespace {

void expect_content(const ChatPart& part) {
  if (const auto* image = std::get_if<SharedImage>(&part))
    check(*image != nullptr && !(*image)->empty(), "chat: expected a picture of at least one pixel");
  if (const auto* video = std::get_if<SharedVideo>(&part)) {
    check(*video != nullptr && !(*video)->frames.empty(), "chat: expected a clip of at least one frame");
    for (const VideoFrame& frame : (*video)->frames) check(!frame.image.empty(), "chat: expected frames of at least one pixel");
  }
}

bool same_frames(const VideoClip& a, const VideoClip& b) {
  return std::ranges::equal(a.frames, b.frames, {}, &VideoFrame::image, &VideoFrame::image);
}

// Of equal pixels.
bool is_same(const ChatPart& a, const ChatPart& b) {
  if (a == b) return true;
  const auto *image = std::get_if<SharedImage>(&a), *other_image = std::get_if<SharedImage>(&b);
  if (image != nullptr && other_image != nullptr) return **image == **other_image;
  const auto *video = std::get_if<SharedVideo>(&a), *other_video = std::get_if<SharedVideo>(&b);
  return video != nullptr && other_video != nullptr && same_frames(**video, **other_video);
}

}  // namespace

void VisualChat::clear() {
  generation_.clear();
  seen_.clear();
}

void VisualChat::recall(std::span<const ChatTurn> turns) {
  std::vector<Seen> seen;
  for (const ChatTurn& turn : turns) {
    for (const ChatPart& part : turn.parts) {
      if (std::holds_alternative<std::string>(part)) continue;
      expect_content(part);
      const auto is_it = [&](const Seen& known) { return is_same(known.part, part); };
      if (const auto again = std::ranges::find_if(seen, is_it); again != seen.end()) {
        seen.push_back(*again);
      } else if (const auto known = std::ranges::find_if(seen_, is_it); known != seen_.end()) {
        seen.push_back(*known);
      } else {
        const int64_t place = encoder_->place_of(part), tokens = encoder_->tokens_of(part);
        seen.push_back({.part = part, .place = place, .number = next_number_++, .tokens = tokens});
      }
    }
  }
  seen_ = std::move(seen);
}

// A template may write all pictures of a turn before its clips: what is seen belongs to the places of its token, in their order.
VisualChat::Prompt VisualChat::prompt_of(std::span<const ChatTurn> turns) {
  constexpr int64_t most_tokens = int64_t{1} << 24;  // of what is seen
  recall(turns);
  const std::vector<int64_t> short_ids = generation_.encode(turns, /*in_parts=*/true);
  std::map<int64_t, std::vector<const Seen*>> waiting;  // by place, the next one last
  for (auto seen = seen_.rbegin(); seen != seen_.rend(); ++seen) waiting[seen->place].push_back(&*seen);
  for (const VisualPlace& place : encoder_->places()) {
    const auto places = std::ranges::count(short_ids, place.token), shown = std::ssize(waiting[place.token]);
    check(places == shown, "chat: the template has places for {} {}, the turns have {}", places, place.what, shown);
  }
  Prompt prompt;
  std::vector<int64_t>& keys = prompt.remembered.keys;
  for (const int64_t id : short_ids) {
    const auto place = waiting.find(id);
    if (place == waiting.end()) {
      prompt.ids.push_back(id);
      keys.push_back(id);
      continue;
    }
    const Seen& seen = *place->second.back();
    place->second.pop_back();
    prompt.ids.insert(prompt.ids.end(), static_cast<std::size_t>(seen.tokens), id);
    for (int64_t token = 0; token < seen.tokens; ++token) keys.push_back(-1 - (seen.number * most_tokens + token));
  }
  prompt.remembered.embeddings = [this, ids = prompt.ids](int64_t first) { return embeddings(ids, first); };
  return prompt;
}

Tensor VisualChat::features_of(Seen& seen) {
  if (!seen.features.defined()) {
    const Tensor made = encoder_->look_at(seen.part);
    for (Seen& same : seen_)
      if (same.number == seen.number) same.features = made;
    ++encoded_;
  }
  return seen.features;
}

// What stands before `first` as a whole is not looked at.
Tensor VisualChat::embeddings(const std::vector<int64_t>& ids, int64_t first) {
  LlamaForCausalLM& model = generation_.model();
  const torch::Device device = model->options().device();
  const Tensor rest =
      torch::tensor(torch::ArrayRef<int64_t>(ids).slice(static_cast<std::size_t>(first)), torch::kLong).unsqueeze(0).to(device);
  Tensor embeddings = model->model->embed_tokens(rest);
  for (const VisualPlace& place : encoder_->places()) {
    int64_t skipped = std::count(ids.begin(), ids.begin() + first, place.token);
    std::vector<Tensor> features;
    for (Seen& seen : seen_) {
      if (seen.place != place.token) continue;
      if (skipped < seen.tokens) features.push_back(features_of(seen).narrow(0, skipped, seen.tokens - skipped));
      skipped -= std::min(skipped, seen.tokens);
    }
    if (!features.empty()) embeddings = fill_places(embeddings, rest, place.token, torch::cat(features), "chat");
  }
  return embeddings;
}

ChatReply VisualChat::chat(std::span<const ChatTurn> turns, const GenerationOptions& options, const TextCallback& stream) {
  const Prompt prompt = prompt_of(turns);
  encoded_ = 0;
  ChatReply reply = generation_.reply(prompt.remembered, prompt.ids, options, stream);
  reply.encoded_pictures = encoded_;
  return reply;
}

std::vector<double> VisualChat::score(std::span<const ChatTurn> turns, std::span<const std::string> replies) {
  const Prompt prompt = prompt_of(turns);
  std::vector<double> scores;
  for (const std::string& reply : replies) scores.push_back(generation_.score(prompt.remembered, reply));
  return scores;
}

}  // namespace omma
