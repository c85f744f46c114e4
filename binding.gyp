# The compute addon. The kernels are compiled once for each instruction set of the processor family; the best one is chosen at run time.
{
  'variables': {
    'kernels': ['native/kernels.cc'],
  },
  'target_defaults': {
    'cflags!': ['-fno-exceptions'],
    'cflags_cc!': ['-fno-exceptions', '-fno-rtti'],
    'cflags': ['-O3', '-Wall', '-Wextra', '-Wno-psabi', '-fno-math-errno', '-fvisibility=hidden'],
    'cflags_cc': ['-std=gnu++17'],
    'xcode_settings': {
      'GCC_ENABLE_CPP_EXCEPTIONS': 'YES',
      'GCC_SYMBOLS_PRIVATE_EXTERN': 'YES',
      'CLANG_CXX_LANGUAGE_STANDARD': 'gnu++17',
      'GCC_OPTIMIZATION_LEVEL': '3',
      'OTHER_CFLAGS': ['-fno-math-errno'],
    },
  },
  'conditions': [
    ['target_arch=="x64"', {
      'variables': {'kernel_targets': ['kernels_avx512', 'kernels_avx2', 'kernels_portable']},
      'targets': [
        {
          'target_name': 'kernels_avx512',
          'type': 'static_library',
          'sources': ['<@(kernels)'],
          'defines': ['INSTRUCTION_SET=avx512', 'LANES=16', 'TILE_ROWS=6', 'PANEL_VECTORS=4'],
          'cflags': ['-mavx512f', '-mavx512bw', '-mavx512dq', '-mavx512vl', '-mavx2', '-mfma'],
          'xcode_settings': {'OTHER_CFLAGS': ['-mavx512f', '-mavx512bw', '-mavx512dq', '-mavx512vl', '-mavx2', '-mfma']},
        },
        {
          'target_name': 'kernels_avx2',
          'type': 'static_library',
          'sources': ['<@(kernels)'],
          'defines': ['INSTRUCTION_SET=avx2', 'LANES=8', 'TILE_ROWS=6', 'PANEL_VECTORS=2'],
          'cflags': ['-mavx2', '-mfma'],
          'xcode_settings': {'OTHER_CFLAGS': ['-mavx2', '-mfma']},
        },
      ],
    }],
    ['target_arch=="arm64"', {
      'variables': {'kernel_targets': ['kernels_neon']},
      'targets': [
        {
          'target_name': 'kernels_neon',
          'type': 'static_library',
          'sources': ['<@(kernels)'],
          'defines': ['INSTRUCTION_SET=neon', 'LANES=4', 'TILE_ROWS=8', 'PANEL_VECTORS=3'],
        },
      ],
    }, {
      'targets': [
        {
          'target_name': 'kernels_portable',
          'type': 'static_library',
          'sources': ['<@(kernels)'],
          'defines': ['INSTRUCTION_SET=portable', 'LANES=4', 'TILE_ROWS=6', 'PANEL_VECTORS=2'],
        },
      ],
    }],
    ['target_arch!="x64" and target_arch!="arm64"', {
      'variables': {'kernel_targets': ['kernels_portable']},
    }],
  ],
  'targets': [
    {
      'target_name': 'dynabridge_native',
      'sources': ['native/addon.cc', 'native/available.cc', 'native/workspace.cc'],
      'include_dirs': ["<!@(node -p \"require('node-addon-api').include\")"],
      'defines': ['NAPI_VERSION=8', 'NAPI_DISABLE_CPP_EXCEPTIONS', 'DYNABRIDGE_SOURCE_HASH="<!(node native/source-hash.cjs)"'],
      'dependencies': ['<@(kernel_targets)'],
    },
  ],
}
