#include "apps/picture_models.h"

#include "omma/models/lazy.h"
#include "omma/models/zoo.h"

namespace omma::app {
namespace {

// What a tool can do without: none where the zoo has none.
std::optional<std::filesystem::path> find_if_any(std::string_view task, const std::string& name) {
  if (name.empty() && !zoo_has_model_for(task)) return std::nullopt;
  return find_model_for(task, name);
}

}  // namespace

void add_picture_model_flags(CLI::App& command, PictureModelOptions& options) {
  command.add_option("--detector", options.detector, "what detect_objects uses (default: the zoo's)")->type_name("DIR|ID");
  command.add_option("--captioner", options.captioner, "what describe_image describes with (default: the zoo's, if it has one)")
      ->type_name("DIR|ID");
  command.add_option("--answerer", options.answerer, "what describe_image answers with (default: the zoo's, if it has one)")
      ->type_name("DIR|ID");
  command.add_option("--segmenter", options.segmenter, "what segment_object cuts out with (default: the zoo's, if it has one)")
      ->type_name("DIR|ID");
}

void add_inputs(InputPaths& inputs, const PictureModelOptions& options) {
  for (const std::string& name : {options.detector, options.captioner, options.answerer, options.segmenter})
    if (!name.empty()) inputs.add_folder(find_model(name));
}

PictureModels open_picture_models(const PictureModelOptions& options, const LoadOptions& load) {
  PictureModels models;
  if (const auto directory = find_if_any("caption", options.captioner)) models.captioner = load_captioner_lazily(*directory, load);
  if (const auto directory = find_if_any("answer", options.answerer)) models.answerer = load_answerer_lazily(*directory, load);
  if (const auto directory = find_if_any("segment", options.segmenter)) models.segmenter = load_segmenter_lazily(*directory, load);
  models.detector = load_detector(find_model_for("detect", options.detector), load);
  return models;
}

}  // namespace omma::app
