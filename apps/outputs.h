// Where a command writes, told before it works: what would fail or be lost is the caller's mistake then, and not an hour later.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "omma/base/json.h"
#include "omma/base/output_paths.h"

namespace omma::app {

// IMAGE arguments and the pictures that they name (expand_images).
InputPaths picture_inputs(const std::vector<std::string>& arguments, const std::vector<std::filesystem::path>& pictures);

// KIND:PATH, or a bare PATH, which may be relative to a folder; a kind without files adds nothing.
void add_data(InputPaths& inputs, std::string_view spec, const std::filesystem::path& root = {});

// A file that the user named with a flag; "": none.
void expect_output_file(const InputPaths& inputs, const std::filesystem::path& file);

// A folder for files of names that the program chooses.
void expect_output_folder(const InputPaths& inputs, const std::filesystem::path& folder,
                          const std::vector<std::string>& names = {});

// A path for each picture with boxes: `out` itself for one picture, if that ends as pictures do, else files of their own in the
// folder `out`, which end in ".png" or as `endings` says for each; none where `out` is "".
std::vector<std::filesystem::path> overlay_files(const std::string& out, const std::vector<std::filesystem::path>& pictures,
                                                 const InputPaths& inputs, const std::vector<std::string>& endings = {});

}  // namespace omma::app
