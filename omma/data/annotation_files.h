// What the writers of annotations share. Not part of the interface: see annotation_writer.h.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "omma/data/annotation_writer.h"
#include "omma/io/label_map.h"

namespace omma {

// The file of a format's own folders: makes the folder where it is not there.
void write_annotation_file(const std::filesystem::path& file, std::string_view contents);

// The picture's file as it is, in `folder` of the data set under its result's name, where pictures are copied.
void copy_picture(const AnnotationWriterOptions& options, const char* folder, const AnnotatedPicture& picture,
                  const std::filesystem::path& file);

// NAME.jpg, as the copy is called.
std::string copied_name(const AnnotatedPicture& picture);

// Throws std::invalid_argument for a class that the set does not have and a mask of another size than the picture.
void check_picture(const AnnotationWriterOptions& options, const AnnotatedPicture& picture);

// A number as short as it can be told: .1, not .10000000149011612; whole ones without a point.
json short_number(double value);
json xywh(const Box& box);

// What is known of how the object was found, in SA-1B's names: score, predicted_iou, stability_score, point_coords, crop_box.
json found_by(const AnnotatedObject& object);

// Each object's number from 1 in its pixels. Where masks overlap the smaller one is seen, so that parts stand out of their wholes.
LabelMap object_map(const AnnotatedPicture& picture);

std::unique_ptr<AnnotationWriter> open_coco_writer(AnnotationWriterOptions options);
std::unique_ptr<AnnotationWriter> open_sa1b_writer(AnnotationWriterOptions options);
std::unique_ptr<AnnotationWriter> open_yolo_writer(AnnotationWriterOptions options);
std::unique_ptr<AnnotationWriter> open_voc_writer(AnnotationWriterOptions options);
std::unique_ptr<AnnotationWriter> open_label_map_writer(AnnotationWriterOptions options);
std::unique_ptr<AnnotationWriter> open_odvg_writer(AnnotationWriterOptions options);

}  // namespace omma
