// JPEG through libjpeg-turbo, decoded as Pillow decodes it: accurate integer DCT, smooth chroma upsampling, CMYK read as Adobe
// writes it (inverted).
// clang-format off: jpeglib.h needs size_t and FILE, jerror.h what jpeglib.h defines.
#include <cstddef>
#include <cstdio>
#include <jpeglib.h>
#include <jerror.h>
// clang-format on

#include <cstdlib>

#include "omma/io/image_codec.h"
#include "omma/io/orientation_tags.h"

namespace omma {
namespace {

// Real progressive files have about ten scans; a file of thousands makes the decoder walk the whole picture thousands of times.
constexpr int max_scans = 100;

// Warnings after which no pixel is made up: odd version numbers, spare bytes between segments. After any other data is missing.
bool is_harmless(int warning) {
  switch (warning) {
    case JWRN_ADOBE_XFORM:
    case JWRN_BOGUS_PROGRESSION:
    case JWRN_EXTRANEOUS_DATA:
    case JWRN_JFIF_MAJOR:
    case JWRN_NOT_SEQUENTIAL:
      return true;
    default:
      return false;
  }
}

[[noreturn]] void leave(j_common_ptr codec) {
  char message[JMSG_LENGTH_MAX];
  codec->err->format_message(codec, message);
  static_cast<Escape*>(codec->client_data)->leave(message);
}

jpeg_error_mgr* set_error_handlers(jpeg_error_mgr& errors) {
  jpeg_std_error(&errors);
  errors.error_exit = leave;
  errors.emit_message = [](j_common_ptr codec, int level) {
    if (level >= 0 || is_harmless(codec->err->msg_code)) return;
    if (codec->err->msg_code != JWRN_JPEG_EOF) leave(codec);
    ++codec->err->num_warnings;  // no end marker: whether all of the picture is there, JpegReader judges
  };
  errors.output_message = [](j_common_ptr) {};
  return &errors;
}

// a b / 255, rounded; exact for bytes.
int scaled(int a, int b) {
  const int product = a * b + 128;
  return (product + (product >> 8)) >> 8;
}

class JpegReader {
 public:
  JpegReader(std::span<const std::uint8_t> bytes, std::string_view name) : bytes_(bytes), name_(name) {
    info_.err = set_error_handlers(errors_);
    info_.client_data = &escape_;
    run([this] { jpeg_create_decompress(&info_); });
  }
  ~JpegReader() { jpeg_destroy_decompress(&info_); }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  ImageHeader header(const ImageLimits& limits) {
    read_header(limits);
    return {{static_cast<int>(info_.image_width), static_cast<int>(info_.image_height)}, orientation()};
  }

  DecodedImage read(const ImageLimits& limits) {
    read_header(limits);
    DecodedImage result{Image(static_cast<int>(info_.image_width), static_cast<int>(info_.image_height)), orientation()};
    read_rows(result.image);
    return result;
  }

 private:
  template <class Call>
  void run(Call&& call) {
    if (!escape_.run(call)) fail("{}: JPEG: {}", name_, escape_.message());
  }

  void read_header(const ImageLimits& limits) {
    run([this] {
      jpeg_save_markers(&info_, JPEG_APP0 + 1, 0xFFFF);
      jpeg_mem_src(&info_, bytes_.data(), static_cast<unsigned long>(bytes_.size()));
      jpeg_read_header(&info_, TRUE);
    });
    check(!ended_early(), "{}: JPEG: the file is truncated: it ends in its header", name_);
    check_image_size(info_.image_width, info_.image_height, name_, limits);
    check(info_.num_components == 1 || info_.num_components == 3 || info_.num_components == 4,
          "{}: JPEG: expected 1, 3 or 4 colour components, got {}", name_, info_.num_components);
    // Every block takes a bit or more, and sampling leaves a quarter of the blocks or more: a short file that claims a huge picture
    // is told before it costs memory. (Arithmetic coding has no such bound.)
    const std::int64_t blocks = std::int64_t{(info_.image_width + 7) / 8} * ((info_.image_height + 7) / 8);
    check(info_.arith_code || blocks / 32 <= static_cast<std::int64_t>(bytes_.size()),
          "{}: JPEG: {} bytes cannot hold {} x {} pixels: the file is truncated", name_, bytes_.size(), info_.image_width,
          info_.image_height);
  }

  // Of several EXIF segments each continues the one before; of several XMP packets the last counts.
  int orientation() const {
    constexpr std::string_view exif_mark("Exif\0\0", 6), xmp_mark("http://ns.adobe.com/xap/1.0/\0", 29);
    std::vector<std::uint8_t> exif;
    std::string_view xmp;
    for (const jpeg_marker_struct* marker = info_.marker_list; marker != nullptr; marker = marker->next) {
      const std::string_view block(reinterpret_cast<const char*>(marker->data), marker->data_length);
      if (block.starts_with(exif_mark)) exif.insert(exif.end(), marker->data + exif_mark.size(), marker->data + block.size());
      if (block.starts_with(xmp_mark)) xmp = block.substr(xmp_mark.size());
    }
    return stored_orientation(exif, xmp);
  }

  bool ended_early() const { return errors_.num_warnings > 0; }

  // Whether the file is known to hold its picture to the last bit where nothing but its end marker is missing. What Huffman codes
  // lack is an error of libjpeg's. It tells nothing of an arithmetic code, nor of scans that are missing whole: a progressive
  // picture is there when each coefficient is known to its lowest bit, of another one in several scans it is not known.
  bool is_whole_without_end_marker() {
    if (info_.arith_code) return false;
    if (!jpeg_has_multiple_scans(&info_)) return true;
    const int* unknown_bits = info_.progressive_mode ? info_.coef_bits[0] : nullptr;
    return unknown_bits != nullptr &&
           std::all_of(unknown_bits, unknown_bits + DCTSIZE2 * info_.num_components, [](int bits) { return bits == 0; });
  }

  void read_rows(Image& image) {
    const bool cmyk = info_.num_components == 4;  // inverted, as Adobe stores it
    std::vector<std::uint8_t> cmyk_row(cmyk ? 4 * static_cast<std::size_t>(image.width) : 0);
    bool whole_without_end = false;
    run([&] {
      info_.out_color_space = cmyk ? JCS_CMYK : JCS_RGB;
      info_.dct_method = JDCT_ISLOW;
      info_.do_fancy_upsampling = TRUE;
      info_.progress = &progress_;
      progress_.progress_monitor = [](j_common_ptr codec) {
        if (reinterpret_cast<j_decompress_ptr>(codec)->input_scan_number > max_scans)
          static_cast<Escape*>(codec->client_data)->leave("more scans than a picture needs (limit 100)");
      };
      jpeg_start_decompress(&info_);  // of several scans, reads all
      whole_without_end = is_whole_without_end_marker();
      while (info_.output_scanline < info_.output_height) {
        std::uint8_t* pixels = image.pixel(0, static_cast<int>(info_.output_scanline));
        JSAMPROW row = cmyk ? cmyk_row.data() : pixels;
        jpeg_read_scanlines(&info_, &row, 1);
        if (cmyk) convert_cmyk_row(row, pixels, image.width);
      }
      jpeg_finish_decompress(&info_);
    });
    check(whole_without_end || !ended_early(), "{}: JPEG: the file is truncated", name_);
  }

  std::span<const std::uint8_t> bytes_;
  std::string_view name_;
  jpeg_decompress_struct info_{};
  jpeg_error_mgr errors_{};
  jpeg_progress_mgr progress_{};
  Escape escape_;
};

// The encoder with the buffer that libjpeg allocates and grows.
struct JpegWriter {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  Escape escape;
  unsigned char* bytes = nullptr;
  unsigned long size = 0;

  JpegWriter() {
    info.err = set_error_handlers(errors);
    info.client_data = &escape;
  }
  ~JpegWriter() {
    jpeg_destroy_compress(&info);
    std::free(bytes);
  }
  JpegWriter(const JpegWriter&) = delete;
  JpegWriter& operator=(const JpegWriter&) = delete;

  void write(const Image& image, int quality) {
    jpeg_create_compress(&info);
    jpeg_mem_dest(&info, &bytes, &size);
    info.image_width = static_cast<JDIMENSION>(image.width);
    info.image_height = static_cast<JDIMENSION>(image.height);
    info.input_components = 3;
    info.in_color_space = JCS_RGB;
    jpeg_set_defaults(&info);
    jpeg_set_quality(&info, quality, TRUE);
    // Chroma at full size: halved, it blurs the coloured edges of boxes and labels.
    info.comp_info[0].h_samp_factor = info.comp_info[0].v_samp_factor = 1;
    jpeg_start_compress(&info, TRUE);
    while (info.next_scanline < info.image_height) {
      JSAMPROW row = const_cast<JSAMPROW>(image.pixel(0, static_cast<int>(info.next_scanline)));
      jpeg_write_scanlines(&info, &row, 1);
    }
    jpeg_finish_compress(&info);
  }
};

}  // namespace

void convert_cmyk_row(const std::uint8_t* cmyk, std::uint8_t* rgb, int width) {
  for (int x = 0; x < width; ++x, cmyk += 4, rgb += 3)
    for (int c = 0; c < 3; ++c) rgb[c] = static_cast<std::uint8_t>(cmyk[3] - scaled(255 - cmyk[c], cmyk[3]));
}

DecodedImage decode_jpeg(std::span<const std::uint8_t> bytes, std::string_view name, const ImageLimits& limits) {
  return JpegReader(bytes, name).read(limits);
}

ImageHeader read_jpeg_header(std::span<const std::uint8_t> bytes, std::string_view name, const ImageLimits& limits) {
  return JpegReader(bytes, name).header(limits);
}

std::vector<std::uint8_t> encode_jpeg(const Image& image, int quality) {
  check(!image.empty() && image.width <= JPEG_MAX_DIMENSION && image.height <= JPEG_MAX_DIMENSION,
        "JPEG: expected sides of 1 to {} pixels, got {} x {}", JPEG_MAX_DIMENSION, image.width, image.height);
  check(quality >= 1 && quality <= 100, "JPEG: expected a quality of 1 to 100, got {}", quality);
  JpegWriter writer;
  if (!writer.escape.run([&] { writer.write(image, quality); })) fail_runtime("JPEG: {}", writer.escape.message());
  return {writer.bytes, writer.bytes + writer.size};
}

}  // namespace omma
