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

 private:
  OnFirstUse<Captioner> model_;
};

class LazyAnswerer : public Answerer {
 public:
  explicit LazyAnswerer(OnFirstUse<Answerer> model) : model_(std::move(model)) {}
  std::vector<AnswerResult> answer(std::span<const VisualQuestion> questions, const AnswerOptions& options) override {
    return model_->answer(questions, options);
  }

 private:
  OnFirstUse<Answerer> model_;
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

}  // namespace omma
