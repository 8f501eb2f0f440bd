namespace ZeroCopy.EndpointContract;

/// <summary>What the model of the contract is put as.</summary>
public enum ContractKind
{
    /// <summary>A registered type, <see cref="ContractModel"/>.</summary>
    Module,
    /// <summary>A script, <see cref="ContractScript"/>.</summary>
    Script,
}
