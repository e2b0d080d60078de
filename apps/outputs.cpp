#include "apps/outputs.h"

#include "omma/base/error.h"
#include "omma/io/image_file.h"

namespace omma::app {
namespace fs = std::filesystem;

InputPaths picture_inputs(const std::vector<std::string>& arguments, const std::vector<fs::path>& pictures) {
  InputPaths inputs;
  for (const fs::path& picture : pictures) inputs.add_file(picture);
  for (const std::string& argument : arguments) {
    if (argument.starts_with('@')) inputs.add_settings(argument.substr(1));
    if (std::error_code error; fs::is_directory(argument, error)) inputs.add_folder(argument);
  }
  return inputs;
}

void add_data(InputPaths& inputs, std::string_view spec, const fs::path& root) {
  std::error_code error;  // of a spec that is too long for a name
  const std::string_view name = fs::exists(root / spec, error) ? spec : spec.substr(spec.find(':') + 1);
  if (name.empty()) return;
  const fs::path path = root / name;
  if (fs::is_directory(path, error))
    inputs.add_whole_folder(path);
  else if (path.string().find('{') != std::string::npos)  // a range of shards
    inputs.add_folder(path.has_parent_path() ? path.parent_path() : fs::path("."));
  else
    inputs.add_file(path);
}

void expect_output_file(const InputPaths& inputs, const fs::path& file) {
  if (file.empty()) return;
  inputs.expect_apart(file);
  expect_writable_file(file);
}

void expect_output_folder(const InputPaths& inputs, const fs::path& folder, const std::vector<std::string>& names) {
  inputs.expect_apart(folder, names);
  expect_writable_folder(folder);
}

std::vector<fs::path> overlay_files(const std::string& out, const std::vector<fs::path>& pictures, const InputPaths& inputs,
                                    const std::vector<std::string>& endings) {
  if (out.empty()) return {};
  const fs::path path = out;
  if (pictures.size() == 1 && path.has_extension() && !fs::is_directory(path)) {
    expect_image_name(path);
    expect_output_file(inputs, path);
    return {path};
  }
  std::vector<std::string> names = result_names(pictures);
  std::vector<fs::path> files;
  for (std::size_t i = 0; i < names.size(); ++i) {
    names[i] += endings.empty() ? ".png" : endings[i];
    files.push_back(path / names[i]);
  }
  expect_output_folder(inputs, path, names);
  return files;
}

}  // namespace omma::app
