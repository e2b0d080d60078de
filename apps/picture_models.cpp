#include "apps/picture_models.h"

#include "omma/models/lazy.h"
#include "omma/models/zoo.h"

namespace omma::app {
namespace {

std::optional<std::filesystem::path> named_or_from_zoo(const std::string& name, std::string_view zoo_name) {
  return name.empty() ? find_zoo_model(zoo_name) : std::optional(find_model(name));
}

}  // namespace

void add_picture_model_flags(CLI::App& command, PictureModelOptions& options) {
  command.add_option("--detector", options.detector, "what detect_objects uses")->capture_default_str()->type_name("DIR|ID");
  command.add_option("--captioner", options.captioner, "what describe_image describes with (default: the zoo's, if it has one)")
      ->type_name("DIR|ID");
  command.add_option("--answerer", options.answerer, "what describe_image answers with (default: the zoo's, if it has one)")
      ->type_name("DIR|ID");
}

void add_inputs(InputPaths& inputs, const PictureModelOptions& options) {
  for (const std::string& name : {options.detector, options.captioner, options.answerer})
    if (!name.empty()) inputs.add_folder(find_model(name));
}

PictureModels open_picture_models(const PictureModelOptions& options, const LoadOptions& load) {
  PictureModels models;
  if (const auto directory = named_or_from_zoo(options.captioner, "blip-nano-caption"))
    models.captioner = load_captioner_lazily(*directory, load);
  if (const auto directory = named_or_from_zoo(options.answerer, "blip-nano-vqa"))
    models.answerer = load_answerer_lazily(*directory, load);
  models.detector = load_detector(find_model(options.detector), load);
  return models;
}

}  // namespace omma::app
