#include "omma/models/llava/chat.h"

#include <ATen/Parallel.h>

#include "omma/base/error.h"

namespace omma {
namespace {

class LlavaEncoder : public VisualEncoder {
 public:
  LlavaEncoder(Llava model, LlavaProcessor processor) : model_(std::move(model)), processor_(std::move(processor)) {}

  std::vector<VisualPlace> places() const override { return {{model_->config().image_token_index, "pictures"}}; }
  int64_t place_of(const ChatPart& /*seen*/) const override { return model_->config().image_token_index; }

  int64_t tokens_of(const ChatPart& seen) const override {
    const Image& image = image_of(seen);
    return processor_.tokens_of({.width = image.width, .height = image.height});
  }

  Tensor look_at(const ChatPart& seen) override {
    LlavaViews views = processor_(image_of(seen), at::get_num_threads());
    const Tensor& weight = model_->multi_modal_projector->linear_1->weight;
    views.pixels = views.pixels.to(weight.device(), weight.scalar_type());
    return model_->embed_picture(views);
  }

 private:
  static const Image& image_of(const ChatPart& seen) {
    const auto* image = std::get_if<SharedImage>(&seen);
    check(image != nullptr, "chat: this model sees pictures and no clips");
    return **image;
  }

  Llava model_;
  LlavaProcessor processor_;
};

}  // namespace

LlavaChat::LlavaChat(const std::filesystem::path& directory, const LlavaOptions& options, const std::string& chat_template)
    : LlavaChat(load_llava(directory, options), find_chat_template(directory, chat_template)) {}

LlavaChat::LlavaChat(LlavaCheckpoint checkpoint, ChatTemplate chat_template)
    : VisualChat(std::make_unique<LlavaEncoder>(checkpoint.model, std::move(checkpoint.processor)),
                 ChatGeneration(checkpoint.model->language_model, std::move(checkpoint.tokenizer), std::move(chat_template),
                                std::move(checkpoint.generation))) {}

}  // namespace omma
