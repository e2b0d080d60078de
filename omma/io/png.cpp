// PNG through libpng: every depth, palette and interlacing to 8-bit RGB, or to labels.
#include <png.h>

#include "omma/base/file.h"
#include "omma/io/cutout.h"
#include "omma/io/image_codec.h"
#include "omma/io/image_format.h"
#include "omma/io/label_map.h"
#include "omma/io/png_chunks.h"

namespace omma {
namespace {

[[noreturn]] void leave(png_structp png, png_const_charp message) { static_cast<Escape*>(png_get_error_ptr(png))->leave(message); }
void ignore_warning(png_structp, png_const_charp) {}

class PngReader {
 public:
  PngReader(std::span<const std::uint8_t> bytes, std::string_view name) : bytes_(bytes), rest_(bytes), name_(name) {
    run([this] { png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, &escape_, leave, ignore_warning); });
    if (png_ == nullptr) fail_runtime("{}: PNG: libpng differs from the version omma was built with", name_);
  }
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  ImageHeader header(const ImageLimits& limits) {
    read_header(limits);
    return {{static_cast<int>(png_get_image_width(png_, info_)), static_cast<int>(png_get_image_height(png_, info_))},
            png_orientation(bytes_, name_)};
  }

  LabelMap read_labels(const ImageLimits& limits) {
    read_header(limits);
    check(png_get_color_type(png_, info_) == PNG_COLOR_TYPE_PALETTE ||
              (png_get_color_type(png_, info_) & PNG_COLOR_MASK_COLOR) == 0 || png_get_bit_depth(png_, info_) == 8,
          "{}: PNG: expected labels in gray, a palette or 8-bit RGB, got 16-bit RGB", name_);
    LabelMap labels;
    labels.width = static_cast<int>(png_get_image_width(png_, info_));
    labels.height = static_cast<int>(png_get_image_height(png_, info_));
    read_label_rows(labels);
    return labels;
  }

  DecodedImage read(const ImageLimits& limits) {
    read_header(limits);
    const auto width = static_cast<int>(png_get_image_width(png_, info_));
    DecodedImage result{Image(width, static_cast<int>(png_get_image_height(png_, info_)))};
    result.orientation = png_orientation(bytes_, name_);
    read_rows(result.image);
    return result;
  }

 private:
  template <class Call>
  void run(Call&& call) {
    if (!escape_.run(call)) fail("{}: PNG: {}", name_, escape_.message());
  }

  void read_header(const ImageLimits& limits) {
    run([this] {
      info_ = png_create_info_struct(png_);
      png_set_read_fn(png_, this, [](png_structp png, png_bytep to, std::size_t count) {
        auto& rest = static_cast<PngReader*>(png_get_io_ptr(png))->rest_;
        if (count > rest.size()) {
          // Behind the pixels the file may end. What else of four bytes is missing is told by the checksum, made up here, too.
          constexpr std::size_t checksum = 4;
          if (count != checksum) png_error(png, "the file is truncated");
          std::fill_n(to, count, png_byte{0});
          rest = {};
          return;
        }
        std::copy_n(rest.data(), count, to);
        rest = rest.subspan(count);
      });
      // The side limit is ours to tell, libpng's own would hide it. Chunks that do not change RGB pixels are skipped unread, so
      // that no text or colour profile is inflated; transparency too, as alpha is dropped. A wrong checksum before the pixels is an
      // error.
      png_set_user_limits(png_, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
      png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
      png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_NEVER, reinterpret_cast<png_const_bytep>("tRNS"), 1);
      png_set_crc_action(png_, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
      png_read_info(png_, info_);
    });
    const std::int64_t width = png_get_image_width(png_, info_), height = png_get_image_height(png_, info_);
    check_image_size(width, height, name_, limits);
    // Deflate shrinks no more than 1032 times: a short file that claims a huge picture is told before it costs memory.
    const auto row_bytes = static_cast<std::int64_t>(png_get_rowbytes(png_, info_));
    check(height * row_bytes / 1032 <= static_cast<std::int64_t>(bytes_.size()),
          "{}: PNG: {} bytes cannot hold {} x {} pixels: the file is truncated", name_, bytes_.size(), width, height);
  }

  // The pixels' data has a checksum of its own, which zlib judges at their last row; that of their chunk is Pillow's to ignore, and
  // so are the chunks behind.
  void read_rows(Image& image) {
    run([&] {
      png_set_crc_action(png_, PNG_CRC_QUIET_USE, PNG_CRC_NO_CHANGE);
      png_set_expand(png_);    // palettes to RGB; 1, 2 and 4 bits to 8
      png_set_strip_16(png_);  // the high byte
      png_set_gray_to_rgb(png_);
      png_set_strip_alpha(png_);
      const int passes = png_set_interlace_handling(png_);
      png_read_update_info(png_, info_);
      if (png_get_rowbytes(png_, info_) != 3 * static_cast<std::size_t>(image.width)) png_error(png_, "unexpected row size");
      for (int pass = 0; pass < passes; ++pass)
        for (int y = 0; y < image.height; ++y) png_read_row(png_, image.pixel(0, y), nullptr);
    });
  }

  // Samples as they are stored, the first of a pixel being its lowest byte but in 16-bit gray.
  void read_label_rows(LabelMap& labels) {
    const auto width = static_cast<std::size_t>(labels.width), height = static_cast<std::size_t>(labels.height);
    std::size_t bytes_of_pixel = 0;
    run([&] {
      png_set_crc_action(png_, PNG_CRC_QUIET_USE, PNG_CRC_NO_CHANGE);
      png_set_packing(png_);  // 1, 2 and 4 bits to a byte
      png_set_strip_alpha(png_);
      png_set_interlace_handling(png_);
      png_read_update_info(png_, info_);
      bytes_of_pixel = png_get_rowbytes(png_, info_) / width;
    });
    const bool deep_gray = bytes_of_pixel == 2;
    std::vector<std::uint8_t> samples(width * height * bytes_of_pixel);
    std::vector<png_bytep> rows(height);
    for (std::size_t y = 0; y < height; ++y) rows[y] = samples.data() + y * width * bytes_of_pixel;
    run([&] { png_read_image(png_, rows.data()); });
    labels.values.resize(width * height);
    for (std::size_t i = 0; i < labels.values.size(); ++i)
      for (std::size_t k = 0; k < bytes_of_pixel; ++k)
        labels.values[i] |= std::uint32_t{samples[i * bytes_of_pixel + k]} << 8 * (deep_gray ? 1 - k : k);
  }

  std::span<const std::uint8_t> bytes_, rest_;  // all; what libpng has not yet read
  std::string_view name_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  Escape escape_;
};

struct PngWriter {
  png_structp png = nullptr;
  png_infop info = nullptr;
  Escape escape;
  std::vector<std::uint8_t> bytes;

  PngWriter() = default;
  ~PngWriter() { png_destroy_write_struct(&png, &info); }
  PngWriter(const PngWriter&) = delete;
  PngWriter& operator=(const PngWriter&) = delete;

  struct Layout {
    int width = 0, height = 0;
    int depth = 8;  // bits of a sample; 16 are stored with the high byte first
    int color_type = PNG_COLOR_TYPE_RGB;
    std::size_t row_bytes = 0;
    std::vector<png_color> palette = {};
  };

  // Rows follow one another in `samples`.
  void write(const Layout& layout, const std::uint8_t* samples) {
    png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &escape, leave, ignore_warning);
    if (png == nullptr) escape.leave("libpng differs from the version omma was built with");
    info = png_create_info_struct(png);
    png_set_write_fn(
        png, this,
        [](png_structp writing, png_bytep from, std::size_t count) {
          if (!static_cast<PngWriter*>(png_get_io_ptr(writing))->append(from, count)) png_error(writing, "out of memory");
        },
        nullptr);
    png_set_IHDR(png, info, static_cast<png_uint_32>(layout.width), static_cast<png_uint_32>(layout.height), layout.depth,
                 layout.color_type, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (!layout.palette.empty()) png_set_PLTE(png, info, layout.palette.data(), static_cast<int>(layout.palette.size()));
    // A quarter of the default's time for files of the same size, on photographs.
    png_set_compression_level(png, 4);
    png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_SUB | PNG_FILTER_UP);
    png_write_info(png, info);
    for (int y = 0; y < layout.height; ++y) png_write_row(png, samples + static_cast<std::size_t>(y) * layout.row_bytes);
    png_write_end(png, info);
  }

 private:
  bool append(const std::uint8_t* from, std::size_t count) noexcept try {
    bytes.insert(bytes.end(), from, from + count);
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
};

std::vector<std::uint8_t> write_png(const PngWriter::Layout& layout, const std::uint8_t* samples) {
  PngWriter writer;
  if (!writer.escape.run([&] { writer.write(layout, samples); })) fail_runtime("PNG: {}", writer.escape.message());
  return std::move(writer.bytes);
}

}  // namespace

DecodedImage decode_png(std::span<const std::uint8_t> bytes, std::string_view name, const ImageLimits& limits) {
  return PngReader(bytes, name).read(limits);
}

ImageHeader read_png_header(std::span<const std::uint8_t> bytes, std::string_view name, const ImageLimits& limits) {
  return PngReader(bytes, name).header(limits);
}

LabelMap decode_label_map(std::span<const std::uint8_t> bytes, std::string_view name, const ImageLimits& limits) {
  check(image_format(bytes) == "PNG", "{}: expected a label map in PNG, got {}", name, image_format(bytes));
  return PngReader(bytes, name).read_labels(limits);
}

LabelMap read_label_map(const std::filesystem::path& file, const ImageLimits& limits) {
  const std::string bytes = read_file(file, limits.file_bytes);
  return decode_label_map(std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()), file.string(), limits);
}

std::vector<std::uint8_t> encode_png(const Image& image) {
  check(!image.empty(), "PNG: expected a picture, got an empty one");
  return write_png({.width = image.width, .height = image.height, .row_bytes = 3 * static_cast<std::size_t>(image.width)},
                   image.data.data());
}

std::vector<std::uint8_t> encode_cutout(const Image& image, const Mask& mask) {
  check(mask.width == image.width && mask.height == image.height, "PNG: expected a mask of {} x {}, got {} x {}", image.width,
        image.height, mask.width, mask.height);
  const Box box = bounding_box(mask);
  check(box.area() > 0, "PNG: expected a mask that is not empty");
  const int x0 = static_cast<int>(box.x0), y0 = static_cast<int>(box.y0);
  const int x1 = static_cast<int>(box.x1), y1 = static_cast<int>(box.y1);
  std::vector<std::uint8_t> samples;
  samples.reserve(4 * static_cast<std::size_t>(x1 - x0) * static_cast<std::size_t>(y1 - y0));
  for (int y = y0; y < y1; ++y)
    for (int x = x0; x < x1; ++x) {
      const bool seen = mask.at(x, y) != 0;
      const std::uint8_t* pixel = image.pixel(x, y);
      for (int k = 0; k < 3; ++k) samples.push_back(seen ? pixel[k] : 0);
      samples.push_back(seen ? 255 : 0);
    }
  return write_png(
      {.width = x1 - x0, .height = y1 - y0, .color_type = PNG_COLOR_TYPE_RGBA, .row_bytes = 4 * static_cast<std::size_t>(x1 - x0)},
      samples.data());
}

std::vector<std::uint8_t> encode_label_map(const LabelMap& labels, std::span<const PaletteColor> palette) {
  check(!labels.values.empty(), "PNG: expected a label map, got an empty one");
  const std::uint32_t largest = *std::ranges::max_element(labels.values);
  const std::uint32_t limit = palette.empty() ? 65'535 : static_cast<std::uint32_t>(palette.size()) - 1;
  check(palette.size() <= 256 && largest <= limit, "PNG: expected labels of at most {}, got {}", limit, largest);
  const std::size_t sample_bytes = largest > 255 ? 2 : 1;
  PngWriter::Layout layout{.width = labels.width,
                           .height = labels.height,
                           .depth = static_cast<int>(8 * sample_bytes),
                           .color_type = palette.empty() ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_PALETTE,
                           .row_bytes = sample_bytes * static_cast<std::size_t>(labels.width)};
  for (const PaletteColor& color : palette) layout.palette.push_back({color[0], color[1], color[2]});
  std::vector<std::uint8_t> samples;
  samples.reserve(sample_bytes * labels.values.size());
  for (const std::uint32_t value : labels.values) {
    if (sample_bytes == 2) samples.push_back(static_cast<std::uint8_t>(value >> 8));
    samples.push_back(static_cast<std::uint8_t>(value));
  }
  return write_png(layout, samples.data());
}

}  // namespace omma
