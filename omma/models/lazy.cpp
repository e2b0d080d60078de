#include "omma/models/lazy.h"

#include <functional>

namespace omma {
namespace {

template <class Model>
class OnFirstUse {
 public:
  explicit OnFirstUse(std::function<std::unique_ptr<Model>()> load) : load_(std::move(load)) {}
  Model* operator->() {
    if (!model_) model_ = load_();
    return model_.get();
  }

 private:
  std::function<std::unique_ptr<Model>()> load_;
  std::unique_ptr<Model> model_;
};

class LazyCaptioner : public Captioner {
 public:
  explicit LazyCaptioner(OnFirstUse<Captioner> model) : model_(std::move(model)) {}
  std::vector<CaptionResult> caption(std::span<const Image> images, const CaptionOptions& options) override {
    return model_->caption(images, options);
  }
  std::optional<int> video_frames() const override { return model_->video_frames(); }
  CaptionResult caption_video(const VideoClip& clip, const CaptionOptions& options) override {
    return model_->caption_video(clip, options);
  }

 private:
  mutable OnFirstUse<Captioner> model_;
};

class LazyAnswerer : public Answerer {
 public:
  explicit LazyAnswerer(OnFirstUse<Answerer> model) : model_(std::move(model)) {}
  std::vector<AnswerResult> answer(std::span<const VisualQuestion> questions, const AnswerOptions& options) override {
    return model_->answer(questions, options);
  }
  std::optional<int> video_frames() const override { return model_->video_frames(); }

 private:
  mutable OnFirstUse<Answerer> model_;
};

class LazySegmenter : public Segmenter {
 public:
  explicit LazySegmenter(OnFirstUse<Segmenter> model) : model_(std::move(model)) {}
  std::shared_ptr<const ImageEmbedding> encode_image(const Image& image) override { return model_->encode_image(image); }
  SegmentationResult segment_encoded(const ImageEmbedding& image, std::span<const SegmentationPrompt> prompts,
                                     const SegmentationOptions& options) override {
    return model_->segment_encoded(image, prompts, options);
  }
  SegmentationResult segment(const Image& image, std::span<const SegmentationPrompt> prompts,
                             const SegmentationOptions& options) override {
    return model_->segment(image, prompts, options);
  }
  AutomaticMaskOptions automatic_defaults() const override { return model_->automatic_defaults(); }
  AutomaticMaskResult segment_everything(const Image& image, const AutomaticMaskOptions& options,
                                         const std::function<void(std::int64_t, std::int64_t)>& progress) override {
    return model_->segment_everything(image, options, progress);
  }
  void save_embedding(const ImageEmbedding& embedding, const std::filesystem::path& file) override {
    model_->save_embedding(embedding, file);
  }
  std::shared_ptr<const ImageEmbedding> load_embedding(const std::filesystem::path& file, const Image& image) override {
    return model_->load_embedding(file, image);
  }
  int logits_side() const override { return model_->logits_side(); }

 private:
  mutable OnFirstUse<Segmenter> model_;
};

}  // namespace

std::unique_ptr<Captioner> load_captioner_lazily(const std::filesystem::path& directory, const LoadOptions& options) {
  expect_task(directory, "caption");
  return std::make_unique<LazyCaptioner>(OnFirstUse<Captioner>([=] { return load_captioner(directory, options); }));
}

std::unique_ptr<Answerer> load_answerer_lazily(const std::filesystem::path& directory, const LoadOptions& options) {
  expect_task(directory, "answer");
  return std::make_unique<LazyAnswerer>(OnFirstUse<Answerer>([=] { return load_answerer(directory, options); }));
}

std::unique_ptr<Segmenter> load_segmenter_lazily(const std::filesystem::path& directory, const LoadOptions& options) {
  expect_task(directory, "segment");
  return std::make_unique<LazySegmenter>(OnFirstUse<Segmenter>([=] { return load_segmenter(directory, options); }));
}

}  // namespace omma
