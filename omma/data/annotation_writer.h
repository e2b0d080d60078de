// Annotated pictures as the data sets that other tools read.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "omma/data/annotated_picture.h"

namespace omma {

enum class MaskForm {
  none,         // boxes alone
  run_lengths,  // where the format can hold them; yolo has polygons
  polygons,     // coco, whose readers do not all know run lengths: Label Studio's import does not
};

struct AnnotationWriterOptions {
  std::filesystem::path out;         // a folder, there or not
  std::vector<std::string> classes;  // that class_index points into; {"object"} where objects have no names
  MaskForm masks = MaskForm::run_lengths;
  double polygon_iou = .98;   // of polygons with their masks, at least; 1: the very edges of the pixels
  bool copy_pictures = true;  // to the labels, so that the folder is a whole data set
};

// Writes one data set. The pictures' own files (a list of labels, an XML, a copy of the picture) may be written by any process, in
// any order, again after a kill; the set's (a COCO JSON, a list of the pictures) by one process, which is shown all pictures.
// All files appear whole or not at all. Not thread-safe, but write_picture() is.
class AnnotationWriter {
 public:
  virtual ~AnnotationWriter() = default;

  // Writes what is the picture's own; `file` is the picture's. Throws std::invalid_argument for what the format cannot hold (see
  // the formats' files) and for a class or mask that is not the set's or picture's, std::runtime_error where the disk refuses.
  virtual void write_picture(const AnnotatedPicture& picture, const std::filesystem::path& file) const = 0;

  // Takes a picture into the set's files, in the order of their indexes; throws as above.
  virtual void add(const AnnotatedPicture& picture) = 0;

  // Writes the set's files. Nothing may be added after.
  virtual void finish() = 0;
};

struct AnnotationFormat {
  std::string_view name;   // "coco"
  std::string_view files;  // what is written
  std::unique_ptr<AnnotationWriter> (*open)(AnnotationWriterOptions options);
};

std::span<const AnnotationFormat> annotation_formats();

// By its name. Throws std::invalid_argument for an unknown one, naming those there are, for no classes or one without a name, and
// for MaskForm::none where a format holds nothing but masks, and any other where it holds none.
std::unique_ptr<AnnotationWriter> open_annotation_writer(std::string_view format, AnnotationWriterOptions options);

}  // namespace omma
