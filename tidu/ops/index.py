"""What the families that come later declare (backend/later.py). `make operations` writes it."""

# fmt: off
FUNCTIONS = {
    "rounding": """
        ceil ceil_ fix fix_ floor floor_ frac frac_ round round_ trunc trunc_
    """,
    "selection": """
        amax amin aminmax argmax argmin kthvalue max median min mode nanmedian nanquantile
        quantile
    """,
    "extremes": """
        clamp clamp_ clamp_max clamp_max_ clamp_min clamp_min_ clip clip_ fmax fmin maximum
        minimum
    """,
    "special": """
        digamma erf erf_ erfc erfc_ erfinv i0 i0_ igamma igammac lgamma mvlgamma polygamma sinc
        sinc_
    """,
    "numeric": """
        addcdiv addcmul frexp gcd gcd_ heaviside hypot lcm lcm_ ldexp ldexp_ lerp nan_to_num
        nan_to_num_ nextafter
    """,
    "trigonometric": """
        acos acos_ acosh acosh_ arccos arccos_ arccosh arccosh_ arcsin arcsin_ arcsinh arcsinh_
        arctan arctan2 arctan_ arctanh arctanh_ asin asin_ asinh asinh_ atan atan2 atan_ atanh
        atanh_ cos cos_ cosh cosh_ deg2rad deg2rad_ rad2deg rad2deg_ sin sin_ sinh sinh_ tan
        tan_ tanh tanh_
    """,
    "complex": """
        angle complex conj conj_physical conj_physical_ imag polar real view_as_complex
        view_as_real
    """,
    "activation": """
        celu celu_ hardshrink prelu relu relu_ rrelu rrelu_ selu selu_ threshold threshold_
    """,
    "dropout": """
        alpha_dropout dropout feature_alpha_dropout feature_dropout
    """,
    "embedding": """
        embedding
    """,
    "scan": """
        cummax cummin cumprod cumsum diff gradient logcumsumexp
    """,
    "norms": """
        cdist dist norm pdist renorm
    """,
    "sorting": """
        argsort bincount histc histogram msort sort topk unique unique_consecutive
    """,
    "einsum": """
        einsum
    """,
    "linalg": """
        cholesky_inverse cholesky_solve cross det inverse logdet matrix_exp matrix_power slogdet
        triangular_solve vander
    """,
    "older": """
        cholesky lu lu_solve pinverse qr svd
    """,
    "view_copies": """
        alias_copy as_strided_copy expand_copy narrow_copy permute_copy select_copy split_copy
        split_with_sizes_copy squeeze_copy t_copy transpose_copy unbind_copy unfold_copy
        unsafe_chunk unsafe_split unsafe_split_with_sizes unsqueeze_copy view_copy
    """,
    "scattering": """
        gather index_add index_copy index_fill index_reduce index_select put scatter scatter_add
        scatter_reduce take take_along_dim
    """,
    "statistics": """
        corrcoef cov
    """,
    "masking": """
        argwhere bucketize masked_fill masked_scatter masked_select nonzero nonzero_static
        searchsorted tril triu
    """,
    "padding": """
        constant_pad_nd
    """,
}

METHODS = {
    "rounding": """
        ceil ceil_ fix fix_ floor floor_ frac frac_ round round_ trunc trunc_
    """,
    "selection": """
        amax amin aminmax argmax argmin kthvalue max median min mode nanmedian nanquantile
        quantile
    """,
    "extremes": """
        clamp clamp_ clamp_max clamp_max_ clamp_min clamp_min_ clip clip_ fmax fmin maximum
        minimum
    """,
    "special": """
        digamma digamma_ erf erf_ erfc erfc_ erfinv erfinv_ i0 i0_ igamma igamma_ igammac
        igammac_ lgamma lgamma_ mvlgamma mvlgamma_ polygamma polygamma_ sinc sinc_
    """,
    "numeric": """
        addcdiv addcdiv_ addcmul addcmul_ frexp gcd gcd_ heaviside heaviside_ hypot hypot_ lcm
        lcm_ ldexp ldexp_ lerp lerp_ nan_to_num nan_to_num_ nextafter nextafter_
    """,
    "trigonometric": """
        acos acos_ acosh acosh_ arccos arccos_ arccosh arccosh_ arcsin arcsin_ arcsinh arcsinh_
        arctan arctan2 arctan2_ arctan_ arctanh arctanh_ asin asin_ asinh asinh_ atan atan2
        atan2_ atan_ atanh atanh_ cos cos_ cosh cosh_ deg2rad deg2rad_ rad2deg rad2deg_ sin sin_
        sinh sinh_ tan tan_ tanh tanh_
    """,
    "complex": """
        angle conj conj_physical conj_physical_ imag real
    """,
    "activation": """
        hardshrink prelu relu relu_
    """,
    "scan": """
        cummax cummin cumprod cumprod_ cumsum cumsum_ diff logcumsumexp
    """,
    "norms": """
        dist norm renorm renorm_
    """,
    "sorting": """
        argsort bincount histc histogram msort sort topk unique unique_consecutive
    """,
    "linalg": """
        cholesky_inverse cholesky_solve cross det inverse logdet matrix_exp matrix_power slogdet
        triangular_solve
    """,
    "older": """
        cholesky lu lu_solve pinverse qr svd
    """,
    "view_copies": """
        narrow_copy unsafe_chunk unsafe_split unsafe_split_with_sizes
    """,
    "scattering": """
        gather index_add index_add_ index_copy index_copy_ index_fill index_fill_ index_reduce
        index_reduce_ index_select put put_ scatter scatter_ scatter_add scatter_add_
        scatter_reduce scatter_reduce_ take take_along_dim
    """,
    "statistics": """
        corrcoef cov
    """,
    "masking": """
        argwhere fill_diagonal_ masked_fill masked_fill_ masked_scatter masked_scatter_
        masked_select nonzero nonzero_static tril tril_ triu triu_
    """,
}

KERNELS = {
    "rounding": """
        round_decimals
    """,
    "selection": """
        both_extremes kth max_all max_dim median_all median_dim min_all min_dim mode_dim
        nanmedian_all nanmedian_dim pick unpick
    """,
    "special": """
        polygamma_of special_entr special_erfcx special_i0e special_i1 special_i1e
        special_log_ndtr special_ndtr special_ndtri special_xlog1py special_zeta
    """,
    "activation": """
        elu gelu glu hardsigmoid hardswish hardtanh leaky_relu log_sigmoid mish prelu_kernel
        rrelu_with_noise silu softplus softshrink softsign tanhshrink
    """,
    "embedding": """
        embedding_backward embedding_bag_sum embedding_weighted
    """,
    "scan": """
        cummax_both cummin_both
    """,
    "norms": """
        linalg_vector_norm rounded_root
    """,
    "sorting": """
        bin_counts distinct distinct_runs occurrences row_order sort_both top
    """,
    "linalg": """
        cofactors cofactors_slope cross_product linalg_cross linalg_det linalg_inv linalg_inv_ex
        linalg_matrix_exp linalg_matrix_power linalg_multi_dot linalg_slogdet linalg_solve
        linalg_solve_ex linalg_solve_triangular linalg_tensorinv linalg_tensorsolve
        linalg_vander linalg_vecdot slogdet_parts solve_system solve_triangle
    """,
    "decompositions": """
        cholesky_factor eig_parts eig_values eigh_parts eigh_values least_squares
        linalg_cholesky linalg_cholesky_ex linalg_eig linalg_eigh linalg_eigvals linalg_eigvalsh
        linalg_lstsq linalg_lu linalg_lu_factor linalg_lu_factor_ex linalg_lu_solve
        linalg_matrix_rank linalg_pinv linalg_qr linalg_svd linalg_svdvals lu_parts
        pseudo_inverse qr_factors svd_parts
    """,
    "matrix_norms": """
        linalg_cond linalg_matrix_norm linalg_norm
    """,
    "scattering": """
        fill_slices fill_slices_with outside_slices put_flat_zeros scatter_combined
        scatter_count scatter_src scatter_sum scatter_value select_sum take_sum
    """,
    "masking": """
        _with_diagonal masked_fill_with masked_pick masked_place masked_replace one_hot
        one_hot_of sorted_places
    """,
    "padding": """
        pad pad_constant pad_from_self unpad
    """,
    "attention": """
        scaled_dot_product_attention
    """,
    "recurrence": """
        gru_layer lstm_layer pack_rows pad_rows rnn_layer zero_rows
    """,
}
