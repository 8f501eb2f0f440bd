using System.Collections.Immutable;

namespace ZeroCopy.Torch.Script.Analysis;

/// <summary>The names of libtorch's operators by what is known of them; see <see cref="Operators"/>.</summary>
internal static class OperatorNames
{
    /// <summary>Operators that write to arguments 3 and 4, running statistics, unless argument 5 says that they only use them.</summary>
    public static ImmutableHashSet<string> Norms { get; } = Set("""
        batch_norm instance_norm native_batch_norm cudnn_batch_norm miopen_batch_norm _batch_norm_impl_index
        _native_batch_norm_legit
        """);

    /// <summary>Dunders that Python has for something else than a change in place.</summary>
    public static ImmutableHashSet<string> NotInPlace { get; } = Set("""
        __is__ __isnot__ __invert__ __int__ __index__ __interpolate __iter__
        """);

    /// <summary>Answers that hold what the arguments hold.</summary>
    public static ImmutableHashSet<string> Containers { get; } = Set("""
        list dict keys values items sorted copy reversed tuple enumerate zip partition rpartition
        """);

    /// <summary>Answers that are lists of views of the first argument.</summary>
    public static ImmutableHashSet<string> ListsOfViews { get; } = Set("""
        chunk split split_with_sizes unsafe_split unsafe_split_with_sizes unsafe_chunk unbind tensor_split hsplit vsplit dsplit
        """);

    /// <summary>Answers that are the first argument, or a view of it, or may be.</summary>
    public static ImmutableHashSet<string> Views { get; } = Set("""
        view reshape select slice transpose permute t squeeze unsqueeze expand expand_as narrow flatten contiguous to detach alias
        as_strided diagonal unfold view_as reshape_as swapaxes swapdims movedim moveaxis broadcast_to unflatten real imag
        view_as_real view_as_complex numpy_T mT mH matrix_H adjoint ravel positive conj resolve_conj resolve_neg dropout
        feature_dropout alpha_dropout feature_alpha_dropout type_as cpu cuda pin_memory coalesce _reshape_alias _unsafe_view _conj
        _neg_view _autocast_to_full_precision _autocast_to_reduced_precision dequantize _unwrap_optional _cast_Float _cast_Double
        _cast_Half _cast_Int _cast_Long _cast_Byte _cast_Char _cast_Short _fw_primal _ncf_view _ncf_unsqueeze _grad_sum_to_size pad
        sum_to_size
        """);

    /// <summary>Answers that are numbers, texts and facts, or lists of them.</summary>
    public static ImmutableHashSet<string> Numbers { get; } = Set("""
        size dim len numel stride item ord chr str format warn is_floating_point is_complex is_grad_enabled is_autocast_enabled
        is_tensor __is__ __isnot__ __not__ __contains__ __and__ __or__ __xor__ __lshift__ __rshift__ Bool Int Float ScalarImplicit
        IntImplicit FloatImplicit device dtype find join startswith endswith lower upper strip replace floordiv
        __round_to_zero_floordiv _size_if_not_equal is_contiguous is_nonzero result_type _shape_as_tensor _infer_size __range_length
        __derive_index is_scripting _get_tracing_state storage_offset index count hash element_size get_device nbytes percentFormat
        isdigit is_inference is_signed is_neg is_conj equal allclose q_scale q_zero_point
        """);

    /// <summary>Answers that are new tensors, several of them or one by what the operator is given.</summary>
    public static ImmutableHashSet<string> Several { get; } = Set("""
        max min median nanmedian mode std_mean var_mean aminmax cummax cummin linalg_svd svd linalg_qr linalg_eigh linalg_lstsq
        native_layer_norm native_group_norm _embedding_bag embedding_bag lstm gru rnn_tanh rnn_relu lstm_cell
        _native_multi_head_attention native_batch_norm adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d
        max_pool1d_with_indices max_pool2d_with_indices max_pool3d_with_indices fractional_max_pool2d topk kthvalue unique_dim
        unique_consecutive _unique2 where cudnn_batch_norm nonzero
        """);

    /// <summary>Answers that are one new tensor.</summary>
    public static ImmutableHashSet<string> Tensors { get; } = Set("""
        zeros ones full empty rand randn randint randperm arange linspace logspace eye tensor zeros_like ones_like full_like
        empty_like rand_like randn_like randint_like new_zeros new_ones new_full new_empty scalar_tensor clone empty_strided
        hann_window hamming_window bartlett_window blackman_window kaiser_window tril_indices triu_indices _to_copy add sub mul div
        rsub true_divide floor_divide remainder fmod pow neg abs sign sgn exp exp2 expm1 log log2 log10 log1p sqrt rsqrt square
        reciprocal sin cos tan asin acos atan atan2 arctan2 sinh cosh tanh asinh acosh atanh erf erfc erfinv lgamma digamma sigmoid
        logit relu relu6 leaky_relu elu selu celu gelu silu mish hardtanh hardsigmoid hardswish softplus softsign softshrink
        hardshrink tanhshrink threshold log_sigmoid prelu rrelu glu floor ceil round trunc frac clamp clip clamp_min clamp_max lerp
        addcmul addcdiv maximum minimum fmin fmax hypot nan_to_num masked_fill masked_scatter eq ne lt le gt ge logical_and
        logical_or logical_not logical_xor bitwise_and bitwise_or bitwise_xor bitwise_not bitwise_left_shift bitwise_right_shift
        isnan isinf isfinite isposinf isneginf isclose polar complex angle heaviside copysign float_power xlogy sinc deg2rad rad2deg
        sum mean prod std var norm amax amin argmax argmin all any logsumexp cumsum cumprod logcumsumexp nansum nanmean
        count_nonzero quantile nanquantile dist frobenius_norm linalg_norm linalg_vector_norm linalg_matrix_norm trace histc
        bincount diff matmul mm bmm mv dot vdot inner outer ger addmm addbmm baddbmm addmv addr linear bilinear tensordot kron cross
        linalg_cross cdist pdist cosine_similarity pairwise_distance linalg_inv inverse linalg_solve linalg_det det cholesky
        linalg_cholesky linalg_pinv pinverse conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d convolution
        _convolution _convolution_mode batch_norm instance_norm layer_norm group_norm rms_norm local_response_norm softmax
        log_softmax _softmax _log_softmax softmin embedding gru_cell rnn_tanh_cell rnn_relu_cell _transformer_encoder_layer_fwd
        scaled_dot_product_attention avg_pool1d avg_pool2d avg_pool3d adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d
        max_pool1d max_pool2d max_pool3d lp_pool1d lp_pool2d max_unpool2d upsample_nearest1d upsample_nearest2d upsample_nearest3d
        upsample_linear1d upsample_bilinear2d upsample_bicubic2d upsample_trilinear3d grid_sampler affine_grid_generator im2col
        col2im constant_pad_nd one_hot ctc_loss mse_loss l1_loss cross_entropy_loss nll_loss binary_cross_entropy
        binary_cross_entropy_with_logits smooth_l1_loss huber_loss kl_div stft istft fft_fft fft_ifft fft_rfft fft_irfft fft_fft2
        fft_ifft2 fft_rfft2 fft_irfft2 fft_fftn fft_ifftn _nested_tensor_from_mask _nested_tensor_from_mask_left_aligned
        to_padded_tensor nested_to_padded_tensor bernoulli multinomial normal poisson cat concat concatenate stack hstack vstack
        dstack repeat tile gather scatter scatter_add scatter_reduce index_select index_add index_copy index_fill index_put
        masked_select take take_along_dim argwhere argsort searchsorted bucketize flip fliplr flipud roll rot90 tril triu diag_embed
        block_diag select_scatter slice_scatter diagonal_scatter isin quantize_per_tensor quantize_per_channel
        quantize_per_tensor_dynamic int_repr fake_quantize_per_tensor_affine fake_quantize_per_channel_affine
        _choose_qparams_per_tensor
        """);

    /// <summary>Of the operators that PyTorch keeps for itself, the few that models have.</summary>
    public static ImmutableHashSet<string> Private { get; } = Set("""
        _pack_padded_sequence _pad_packed_sequence _list_to_tensor _tensor_to_list _weight_norm _trilinear _masked_softmax _values
        _indices _nested_tensor_size _batch_norm_no_update _embedding_bag_forward_only _stack _cat
        _scaled_dot_product_flash_attention_for_cpu _scaled_dot_product_attention_math _euclidean_dist _cdist_forward
        _standard_gamma
        """);

    /// <summary>How the names of others of those begin.</summary>
    public static ImmutableHashSet<string> PrivateFamilies { get; } = Set("""
        _upsample_ _scaled_dot_product_ _fft_ _linalg_ _adaptive_avg_pool _fake_quantize_ _sparse_ _nested_ _cast_
        """);

    /// <summary>Operators of prim that answer with a fact.</summary>
    public static ImmutableHashSet<string> Facts { get; } = Set("""
        device dtype layout is_cpu is_cuda is_mps is_xpu is_xla is_vulkan is_ipu is_meta is_mkldnn is_nested is_quantized is_sparse
        is_sparse_csr is_mtia is_maia requires_grad shape ndim itemsize nbytes name type id index NumToTensor Print RaiseException
        Uninitialized rangelist StringIndex EnumName EnumValue ReductionSizes BroadcastSizes AutogradAnyNonZero AutogradAllNonZero
        AutogradAllZero AutogradZero TimePoint ImplicitTensorToNum is_leaf output_nr max min abs
        """);

    /// <summary>Operators of prim that answer with what they are given, or a part of it.</summary>
    public static ImmutableHashSet<string> PassedOn { get; } = Set("""
        data grad ConstantMKLDNNTensor unchecked_cast unchecked_unwrap_optional TupleIndex TupleUnpack TupleSlice tolist T H
        AutogradAdd
        """);

    /// <summary>Quantized operators whose third argument is what they write to, where it is not the scale of a new tensor.</summary>
    public static ImmutableHashSet<string> QuantizedOut { get; } = Set("""
        add add_relu mul mul_relu
        """);

    /// <summary>How the names of quantized operators begin that answer with a new tensor.</summary>
    public static ImmutableHashSet<string> QuantizedResults { get; } = Set("""
        linear conv add mul matmul cat batch_norm layer_norm group_norm instance_norm embedding hardswish sigmoid relu leaky_relu
        celu elu prelu softmax max_pool threshold
        """);

    /// <summary>Operators that make a number of a tensor's elements, read all of them, or are as large as they say.</summary>
    public static ImmutableHashSet<string> OverElements { get; } = Set("""
        item Bool Int Float Complex ScalarImplicit IntImplicit FloatImplicit ComplexImplicit ImplicitTensorToNum tolist _tensor_to_list
        is_nonzero equal allclose nonzero nonzero_numpy argwhere masked_select take _unique _unique2 unique_dim unique_consecutive
        bincount histc histogram dist trace vdot linalg_matrix_norm frobenius_norm _pack_padded_sequence _pad_packed_sequence
        _choose_qparams_per_tensor choose_qparams_optimized quantize_per_tensor_dynamic quantized_lstm quantized_gru
        """);

    /// <summary>What is given to these stays in their first argument.</summary>
    public static ImmutableHashSet<string> Fillers { get; } = Set("""
        append _set_item extend insert setdefault update
        """);

    private static ImmutableHashSet<string> Set(string names) =>
        [.. names.Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries)];
}
