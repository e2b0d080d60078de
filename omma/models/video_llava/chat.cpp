#include "omma/models/video_llava/chat.h"

#include <ATen/Parallel.h>

#include "omma/base/error.h"

namespace omma {
namespace {

class VideoLlavaEncoder : public VisualEncoder {
 public:
  VideoLlavaEncoder(VideoLlava model, LlavaProcessor pictures, ClipProcessor clips)
      : model_(std::move(model)), pictures_(std::move(pictures)), clips_(std::move(clips)) {}

  std::optional<int> video_frames() const override { return static_cast<int>(model_->config().frames()); }

  std::vector<VisualPlace> places() const override {
    return {{model_->config().image_token_index, "pictures"}, {model_->config().video_token_index, "clips"}};
  }

  int64_t place_of(const ChatPart& seen) const override {
    return std::holds_alternative<SharedVideo>(seen) ? model_->config().video_token_index : model_->config().image_token_index;
  }

  int64_t tokens_of(const ChatPart& seen) const override {
    if (const auto* clip = std::get_if<SharedVideo>(&seen)) {
      const VideoLlavaConfig& config = model_->config();
      check(!config.sees_time() || std::ssize((*clip)->frames) == config.frames(),
            "chat: this model sees clips of {} frames, got {}", config.frames(), (*clip)->frames.size());
      return clips_.tokens_of(**clip);
    }
    const Image& image = *std::get<SharedImage>(seen);
    return pictures_.tokens_of({.width = image.width, .height = image.height});
  }

  Tensor look_at(const ChatPart& seen) override {
    const int threads = at::get_num_threads();
    if (const auto* clip = std::get_if<SharedVideo>(&seen)) return model_->embed_clip(to_model(clips_(**clip, threads)));
    return model_->embed_pictures(to_model(pictures_(*std::get<SharedImage>(seen), threads).pixels)).flatten(0, 1);
  }

 private:
  Tensor to_model(const Tensor& pixels) const {
    const Tensor& weight = model_->multi_modal_projector->linear_1->weight;
    return pixels.to(weight.device(), weight.scalar_type());
  }

  VideoLlava model_;
  LlavaProcessor pictures_;
  ClipProcessor clips_;
};

}  // namespace

VideoLlavaChat::VideoLlavaChat(const std::filesystem::path& directory, const LlavaOptions& options,
                               const std::string& chat_template)
    : VideoLlavaChat(load_video_llava(directory, options), find_chat_template(directory, chat_template)) {}

VideoLlavaChat::VideoLlavaChat(VideoLlavaCheckpoint checkpoint, ChatTemplate chat_template)
    : VisualChat(std::make_unique<VideoLlavaEncoder>(checkpoint.model, std::move(checkpoint.pictures), std::move(checkpoint.clips)),
                 ChatGeneration(checkpoint.model->language_model, std::move(checkpoint.tokenizer), std::move(chat_template),
                                std::move(checkpoint.generation))) {}

}  // namespace omma
