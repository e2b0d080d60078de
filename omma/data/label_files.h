// Where label files and their pictures are found. Not part of the interface.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

namespace omma {

// The pictures of a folder and its sub-folders by their names, sorted; see files_below().
std::vector<std::filesystem::path> pictures_below(const std::filesystem::path& folder);

struct LabelFiles {
  std::filesystem::path labels;
  std::filesystem::path images;  // folder

  // Where labels may name pictures from: the folder, then the label file's own and, of annotations/, the one above.
  std::vector<std::filesystem::path> picture_folders() const;
};

// `images` if given; else `images` beside the label file, or beside annotations/ that it is in; else the label file's own folder.
std::filesystem::path picture_folder(const std::filesystem::path& label_file, const std::filesystem::path& images);

// A file as it is. In a folder SPLIT/FLAT, SPLIT.json, FLAT, or the one annotations/KIND_SPLIT*.json ("instances" and "val" find
// instances_val2017.json, whose pictures are in the part after the kind, val2017, or in images/).
LabelFiles find_coco_files(const std::filesystem::path& path, std::string_view split, std::string_view flat, std::string_view kind,
                           const std::filesystem::path& images);

}  // namespace omma
