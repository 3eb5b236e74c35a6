export declare const neutralFolder: string;
export declare const closedEnvironment: (more?: NodeJS.ProcessEnv) => NodeJS.ProcessEnv;
export declare const inheritedEnvironment: (more?: NodeJS.ProcessEnv) => NodeJS.ProcessEnv;
export declare const absoluteFolders: (list: string | undefined) => readonly string[];
