#include "omma/recipes/sam/distillation.h"

#include "omma/base/error.h"
#include "omma/models/sam/image_encoder.h"
#include "omma/models/sam/predictor.h"
#include "omma/train/initial_weights.h"

namespace omma::sam {
namespace {

Model teacher_of(const DistillationConfig& config) {
  check(!config.teacher.empty(), "teacher: expected a model directory");
  Model teacher = Predictor(config.teacher, {.dtype = torch::kFloat32}).model();
  check(!teacher->config().vision_config.int8, "teacher: {}: has layers of 8-bit numbers: expected the model that it was made of",
        config.teacher);
  teacher->eval();
  for (Tensor& parameter : teacher->parameters()) parameter.set_requires_grad(false);
  return teacher;
}

// The teacher's, but for the encoder.
Config student_config(const Config& teacher, const json& vision) {
  check(vision.is_object() && !vision.empty(), "vision_config: expected the small encoder's, got {}", vision.dump());
  json config = write_model_config(teacher);
  config["vision_config"] = vision;
  return read_model_config(config, "vision_config");
}

class Distillation : public TrainingTask {
 public:
  Distillation(const TrainerConfig& trainer, const DistillationConfig& config) : config_(config), teacher_(teacher_of(config)) {
    const Config student = student_config(teacher_->config(), config.vision_config);
    const MaskChoice choice{.side = student.image_size()};
    source_ = open_masks(config, choice, trainer.seed);
    validation_ = open_validation(config, choice.side);
    torch::manual_seed(trainer.seed);
    student_ = Model(student);
    student_->init_weights();
    load_matching_weights(*student_, config.teacher);
    for (const std::string& file : config.initial_weights) load_matching_weights(*student_, file, resized_positions);
    for (auto& item : student_->named_parameters()) item.value().set_requires_grad(item.key().starts_with("vision_encoder."));
  }

  torch::nn::Module& module() override { return *student_; }
  int64_t batch_size() const override { return config_.batch_size; }

  PreparedStep prepare(int64_t number) const override {
    std::vector<Tensor> pixels;
    for (int64_t i = 0; i < config_.batch_size; ++i)
      pixels.push_back(source_->sample(static_cast<std::uint64_t>(number * config_.batch_size + i)).pixels);
    return [this, batch = torch::stack(pixels)] { return loss(batch); };
  }

  json validate() override { return segmentation_figures(student_, validation_.get(), config_); }
  std::string data_faults() const override { return source_->report().summary(); }
  void save_model(const std::filesystem::path& directory) override { sam::save_model(directory, student_, config_); }

 private:
  StepLoss loss(const Tensor& batch) const {
    Model student = student_, teacher = teacher_;  // the same weights: a batch is const, learning from it is not
    const torch::Device device = student->mask_decoder->parameters().front().device();
    const Tensor pixels = batch.to(device);
    Tensor wanted;
    {
      const torch::NoGradGuard no_grad;
      teacher->to(device);
      wanted = teacher->encode_image(pixels);
    }
    return {.total = torch::mse_loss(student->encode_image(pixels), wanted), .parts = {}};
  }

  DistillationConfig config_;
  Model teacher_, student_ = nullptr;
  std::unique_ptr<MaskSource> source_;
  std::shared_ptr<const SegmentationDataset> validation_;
};

}  // namespace

std::unique_ptr<TrainingTask> make_distillation(const TrainerConfig& trainer, const DistillationConfig& config) {
  return std::make_unique<Distillation>(trainer, config);
}

}  // namespace omma::sam
